import { expect, test } from "vitest";
import { parseFailedAttempts } from "../../../src/wall/namespaces/refused-connections.ts";

test("attempts are counted by the name of their column, and what is no such text counts as none", () => {
  expect(parseFailedAttempts("Ip: Forwarding\nIp: 1\nTcp: RtoAlgorithm MaxConn ActiveOpens AttemptFails EstabResets\nTcp: 1 -1 9 4 2\nUdp: NoPorts\nUdp: 7\n")).toBe(4);
  for (const text of ["", "Tcp: AttemptFails\n", "Tcp: ActiveOpens\nTcp: 4\n", "Tcp: AttemptFails\nTcp: -4\n"]) expect(parseFailedAttempts(text)).toBe(0);
});
