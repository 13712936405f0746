// Calls that no ordinary program makes, and that reach far into the kernel: BPF, tracing, page faults in user space, modules, another kernel, swap, the clock, the log.
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { story } from "../support/escape-stage.ts";

story("each is refused", async (wall) => {
  const calls = [bareCall("bpf", [0, '"\\1\\0\\0\\0\\4\\0\\0\\0\\4\\0\\0\\0\\1\\0\\0\\0" . "\\0" x 64', 72]), bareCall("perf_event_open", ['"\\0" x 112', 0, -1, -1, 0]), bareCall("userfaultfd", [0]), bareCall("init_module", ['"x"', 1, '""']), bareCall("kexec_load", [0, 0, 0, 0]), bareCall("swapon", ['"/tmp/x"', 0]), bareCall("reboot", [0xfee1dead, 672274793, 0, 0]), bareCall("settimeofday", ['"\\0" x 16', 0]), bareCall("syslog", [3, '"\\0" x 64', 64])];
  const { said } = await wall.run(calls.join("; "));
  expect(said.match(/^\w+: (?:EPERM|ENOSYS|EACCES)$/gm)).toHaveLength(calls.length);
}, ["an ordinary user", "root"], hasPerl);
