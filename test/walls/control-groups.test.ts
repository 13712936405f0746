// Control groups of version 1 start a program of the machine's when the last process has left (release_agent); those of version 2 let processes be moved out of limits, frozen and killed.
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";

story("no control group is written, nor mounted anew", async (wall) => {
  const { said } = await wall.run(`for file in $(find /sys/fs/cgroup -maxdepth 3 \\( -name cgroup.procs -o -name release_agent -o -name notify_on_release -o -name cgroup.kill -o -name cgroup.freeze \\) 2>/dev/null | head -40); do { echo 0 >$file; } 2>/dev/null && echo "wrote $file"; done; mkdir /sys/fs/cgroup/vault-walls 2>/dev/null && echo "wrote a group"; unshare -Ur -m -C sh -c 'mkdir -p /tmp/c; for type in cgroup cgroup2; do mount -t $type -o rdma none /tmp/c 2>/dev/null || mount -t $type none /tmp/c 2>/dev/null; for file in /tmp/c/release_agent /tmp/c/cgroup.procs; do test -e $file && { echo /tmp/evil >$file; } 2>/dev/null && echo "wrote $file"; done; done'; echo tried`);
  expect(said).toContain("tried\n");
  expect(said).not.toMatch(/^wrote /m);
}, ["an ordinary user", "root"], has("unshare"));
