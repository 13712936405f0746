// Descriptors outlive every wall: of the proxy, the run's folder, the set-up of the namespaces, a channel to vault, or what the shell above has left open. The program lists what it was started with.
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

/** What was left open is /dev/null now. Pipes go on: `vault run -- cmp <(one) <(other)` hands them over, and whoever opened them meant the program. */
const HARMLESS = /^(?:[012] .*|\d+ (?:pipe:\[\d+\]|\/dev\/null|\/proc\/\d+\/fd))$/;

story("there are stdin, stdout, stderr, and pipes: no file, folder or socket", async (wall) => {
  const { said } = await wall.run(`ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> /open \\1 /p'; for fd in /proc/[0-9]*/fd/*; do readlink $fd; done 2>/dev/null | grep -E '/vault/|/\\.config|memfd' ; echo "channel:$NODE_CHANNEL_FD:"`);
  const open = said.match(/(?<=^open ).*$/gm) ?? [];
  expect(open.length).toBeGreaterThan(3);
  expect(open.filter((line) => !HARMLESS.test(line))).toEqual([]);
  expect(said).toMatch(/^channel::$/m);
  expect(said).not.toMatch(/^\//m);
}, ["an ordinary user", "root"], true, true);
