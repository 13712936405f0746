// Jobs that the system starts by itself: cron's tables, at's, systemd's, and what root's daemons read. As root, all of them would be writable outside.
import { existsSync } from "node:fs";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

const NAME = `vault-walls-${process.pid}`;
const FOLDERS = ["/etc/cron.d", "/etc/cron.daily", "/var/spool/cron", "/var/spool/cron/crontabs", "/var/spool/at", "/etc/systemd/system", "/run/systemd/system", "/etc/profile.d", "/etc/udev/rules.d", "/etc/ld.so.conf.d", "/etc/sudoers.d", "/etc/pam.d", "/etc/apt/apt.conf.d", "/lib/systemd/system", "/etc", "/var/lib", "/srv", "/root", "/var/tmp", "/tmp", "/dev/shm"];

story("no job is left for the system", async (wall) => {
  const { said } = await wall.run(`for dir in ${FOLDERS.join(" ")}; do echo '* * * * * root true' >$dir/${NAME}; done 2>/dev/null; echo '* * * * * true' | crontab - 2>/dev/null; echo true | at now 2>/dev/null; echo evil >>/etc/passwd; echo evil >>/etc/ld.so.preload; echo tried`);
  expect(said).toContain("tried\n");
  expect(FOLDERS.filter((folder) => existsSync(`${folder}/${NAME}`))).toEqual([]);
  expect(existsSync("/etc/ld.so.preload")).toBe(false);
}, ["an ordinary user", "root"]);
