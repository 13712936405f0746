// TIOCLINUX sets a selection on the text console and pastes it: the same as typing it. It is also asked for with the upper half of the request set, which the kernel does not look at and a filter might.
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { hasTerminals } from "../support/terminal.ts";
import { story } from "../support/escape-stage.ts";

const [TIOCLINUX, TIOCSTI] = [0x541c, 0x5412];

story("requests that paste are refused, however they are spelled", async (wall) => {
  const high = 2 ** 32;
  const terminal = wall.onTerminal(`stty -echo; ${[TIOCLINUX, TIOCLINUX + high, TIOCSTI + high, TIOCSTI + 5 * high].map((request) => bareCall("ioctl", [0, request, "$key"], { before: 'my $key = "\\3";' })).join("; ")}; echo tried`);
  await terminal.shows("tried");
  expect(terminal.shown().replaceAll("\r", "").match(/^ioctl: .*$/gm)).toEqual(Array(4).fill("ioctl: EPERM"));
}, ["an ordinary user"], hasPerl && hasTerminals);
