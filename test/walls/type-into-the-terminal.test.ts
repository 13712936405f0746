// TIOCSTI puts keys into the terminal's own input: the shell reads them when the run has ended, outside. The program tries it as itself, as a 32-bit program and by the x32 numbers.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { bareCall, hasPerl, X32 } from "../support/bare-call.ts";
import { OLD_CALL, oldCall } from "../support/old-call.ts";
import { hasTerminals } from "../support/terminal.ts";
import { story } from "../support/escape-stage.ts";

const TIOCSTI = 0x5412;

story("no key is put into the terminal", async (wall) => {
  const perl = (abi: number): string => bareCall("ioctl", [0, TIOCSTI, "$key"], { abi, before: 'my $key = "Q";' });
  writeFileSync(join(wall.project, "old-call"), oldCall(OLD_CALL.ioctl, 0, TIOCSTI), { mode: 0o755 });
  const x86 = process.arch === "x64" ? `; ${perl(X32)}; ./old-call; echo "32-bit: $?"` : "";
  const terminal = wall.onTerminal(`stty -echo -icanon min 0 time 5; ${perl(0)}${x86}; echo tried; echo "read:$(dd bs=1 count=1 2>/dev/null </dev/tty):"`);
  await terminal.shows("read:");
  const shown = terminal.shown().replaceAll("\r", "");
  expect(shown).toMatch(/^ioctl: (?:EPERM|ENOSYS)$/m);
  expect(shown).not.toMatch(/^ioctl: ok$/m);
  if (process.arch === "x64") expect(shown).toMatch(/^32-bit: (?:1|38|159)$/m);
  expect(shown).toContain("read::");
}, ["an ordinary user", "root"], hasPerl && hasTerminals, true);
