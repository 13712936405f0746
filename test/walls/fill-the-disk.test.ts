// The program fills what it may write of its own: /tmp, /dev/shm, /run and the home folder's empty places are in memory, and memory is everybody's.
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("private places are bounded", async (wall) => {
  const { said } = await wall.run('for dir in /tmp /var/tmp /dev/shm "$HOME" /run; do echo "$(stat -f -c %T "$dir") $(df -m --output=size "$dir" | tail -n 1)"; done; grep MemTotal /proc/meminfo');
  const rows = said.split("\n").flatMap((line) => /^tmpfs +(\d+)$/.exec(line)?.slice(1).map(Number) ?? []);
  expect(rows).toHaveLength(5);
  const total = Number(/MemTotal: +(\d+)/.exec(said)?.[1]) / 1024;
  expect((await wall.run("echo x >/dev/x; mkdir /dev/y; echo null >/dev/null && echo shared >/dev/shm/z && cat /dev/shm/z; ls /dev/x /dev/y 2>/dev/null; echo listed")).said).toMatch(/^shared\nlisted$/m);
  expect(rows.reduce((sum, size) => sum + size)).toBeLessThan(total * 0.75);
});
