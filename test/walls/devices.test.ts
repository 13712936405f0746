// Disks, memory and consoles are files: in /dev, or made anew with their numbers. As root, the disk has the vault on it.
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { has, story } from "../support/escape-stage.ts";

story("there are the harmless devices, and no others can be made", async (wall) => {
  const make = [[0o060_660, 0x800], [0o020_660, 0x101], [0o060_660, 0xfe00], [0o020_660, 0x10b]].map(([mode = 0, device = 0], index) => bareCall("mknodat", [-100, `"/tmp/device${index}"`, mode, device]));
  const { said } = await wall.run(`find /dev \\( -type b -o -type c \\) | sed 's:^/dev/::' | grep -vxE 'null|zero|full|random|urandom|tty|console|ptmx|pts/(ptmx|[0-9]+)' | sed 's/^/strange /'; ls -d /dev/mem /dev/kmsg /dev/sda /dev/vda /dev/fuse /dev/kvm /dev/net/tun /dev/loop-control /dev/vsock 2>/dev/null; ${make.join("; ")}; unshare -Ur sh -c 'mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk >/dev/null && echo strange disk' 2>/dev/null; echo tried`);
  expect(said).toContain("tried\n");
  expect(said).not.toMatch(/^strange /m);
  expect(said).not.toMatch(/^\/dev\//m);
  expect(said.match(/^mknodat: (?:EPERM|EACCES)$/gm)).toHaveLength(make.length);
}, ["an ordinary user", "root"], hasPerl && has("unshare"));
