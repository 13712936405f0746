// A program may make a user namespace of its own, where it is root (browsers' sandboxes need that). From there it tries again: to unmount, to remount, to bind, to see below what hides, to change the network.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";

story("root of a nested namespace comes no further", async (wall) => {
  wall.put(".bashrc", "as it was\n");
  const key = join(wall.home, ".config/vault/keys/kek.key");
  const text = readFileSync(key, "utf8").trim().slice(-24);
  const name = `vault-walls-${process.pid}`;
  const tries = [
    "umount -l ~/.config/vault", "umount -l ~", "umount -l /tmp", "umount -l /run", "umount -l /proc",
    "mount -o remount,rw /", "mount -o remount,rw,bind /", "mount -o remount,rw,bind ~/.bashrc",
    "mkdir -p /tmp/n && mount --bind / /tmp/n", "mkdir -p /tmp/n && mount --rbind / /tmp/n", "mount --make-rprivate /", "mount --move /tmp /mnt", "mkdir -p /tmp/p && mount -t proc proc /tmp/p",
    "ip link set lo down", "ip route add default dev lo", "chroot /proc/1/root true", "mknod /tmp/disk b 8 0",
  ].map((line) => `${line} 2>/dev/null`).join("; ");
  const look = `cat "${key}" /tmp/n"${key}"; echo evil >>~/.bashrc; echo evil >/tmp/n"${wall.home}"/.bashrc; echo evil >/usr/${name}; echo evil >/tmp/n/usr/${name}; ls /tmp/p | grep -c '^[0-9]'; echo "processes"`;
  const script = `{ ${tries}; ${look}; } 2>/dev/null`;
  const { said } = await wall.run(`for flags in "-Ur -m" "-Ur -m -p -f -n" "-Ur -m -C -u -i"; do unshare $flags -- sh -c '${script.replaceAll("'", `'\\''`)}'; done; for i in 1 2 3; do unshare -Ur -m sh -c 'unshare -Ur -m sh -c "umount -l ~/.config/vault; cat ${key}"'; done; echo tried`);
  expect(said).toContain("tried\n");
  expect(said).not.toContain(text);
  expect(readFileSync(join(wall.home, ".bashrc"), "utf8")).toBe("as it was\n");
  expect(existsSync(`/usr/${name}`)).toBe(false);
}, ["an ordinary user", "root"], has("unshare"), true);
