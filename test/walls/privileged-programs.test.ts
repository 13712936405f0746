// Programs with the setuid bit or capabilities of their own lend them to whoever starts them: sudo, su, ping, mount, newuidmap.
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("no program lends more than the user has, and none is a wider one", async (wall) => {
  const { said } = await wall.run("grep -E '^(NoNewPrivs|CapEff|CapBnd|CapInh|CapAmb|Seccomp):' /proc/self/status; cp /bin/sh ./s 2>/dev/null; chmod 4755 ./s; ./s -c id; su -c true </dev/null 2>&1; sudo -n true 2>&1; mount -t tmpfs none /mnt 2>/dev/null && echo mounted; chroot / true 2>/dev/null && echo chrooted; echo tried");
  expect(said).toMatch(/^NoNewPrivs:\t1$/m);
  expect(said).toMatch(/^Seccomp:\t2$/m);
  for (const set of ["Eff", "Inh", "Amb"]) expect(said).toMatch(new RegExp(`^Cap${set}:\\t0+$`, "m"));
  expect(said).not.toMatch(/^(?:mounted|chrooted)$/m);
}, ["an ordinary user", "root"]);
