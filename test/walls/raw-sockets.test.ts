// Below TCP and UDP: raw packets, frames, other families of sockets. A virtual machine's vsock is bound to no network namespace; the kernel's crypto and Bluetooth have been ways into the kernel.
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { story } from "../support/escape-stage.ts";

const FAMILIES: Readonly<Record<string, number>> = { packet: 17, key: 15, vsock: 40, alg: 38, bluetooth: 31, can: 29, tipc: 30, rds: 21, x25: 9, xdp: 44, smc: 43 };

story("there are no raw sockets, and no families but those that programs need", async (wall) => {
  const { said } = await wall.run([...[[2, 3, 1], [2, 3, 255], [10, 3, 58]].map((args) => bareCall("socket", args)), ...Object.values(FAMILIES).map((family) => bareCall("socket", [family, 1, 0])), ...Object.values(FAMILIES).map((family) => bareCall("socket", [family, 2, 0])), "echo usual", bareCall("socket", [1, 1, 0]), bareCall("socket", [2, 1, 0]), bareCall("socket", [10, 2, 0])].join("; "));
  const [odd = "", usual] = said.split("usual\n");
  expect(odd.match(/^socket: (?:EPERM|EACCES|EAFNOSUPPORT)$/gm)).toHaveLength(3 + 2 * Object.keys(FAMILIES).length);
  expect(usual?.match(/^socket: ok$/gm)).toHaveLength(3);
}, ["an ordinary user", "root"], hasPerl);
