// Root's switches in /proc and /sys: a program that the kernel starts for every core dump (core_pattern), for hotplug and modules, the magic key that restarts the machine, the limits of control groups.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

const SWITCHES = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug", "/proc/sys/kernel/sysrq", "/proc/sys/vm/drop_caches", "/proc/sys/fs/binfmt_misc/register", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/ping_group_range", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/timer_list", "/sys/kernel/uevent_helper", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/power/state", "/sys/module/kernel/parameters/panic", "/proc/1/oom_score_adj"];

story("none of them can be turned", async (wall) => {
  const before = readFileSync("/proc/sys/kernel/core_pattern", "utf8");
  const { said } = await wall.run(`for file in ${SWITCHES.join(" ")}; do cat $file 2>/dev/null | head -c 64 >/tmp/v; { cat /tmp/v >$file; } 2>/dev/null && echo "turned $file"; done; { echo h >/proc/sysrq-trigger; } 2>/dev/null && echo "turned by key"; unshare -Ur -m -p -f --mount-proc sh -c '{ echo "|/tmp/evil" >/proc/sys/kernel/core_pattern; } 2>/dev/null && echo "turned in a namespace"'; echo tried`);
  expect(said).toContain("tried\n");
  expect(said.split("\n").filter((line) => line.startsWith("turned") && !line.includes("oom_score_adj"))).toEqual([]);
  expect(readFileSync("/proc/sys/kernel/core_pattern", "utf8")).toBe(before);
}, ["an ordinary user", "root"]);
