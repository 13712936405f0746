// The proxy does not connect to itself, by whichever of a name's addresses.
import { expect, it, onTestFinished } from "vitest";
import { openConnect } from "../../support/proxy-child.ts";
import { openTestRun } from "../../support/proxy-run.ts";

it.each([["alone", []], ["beside another", [{ address: "192.0.2.1", family: 4 }]]] as const)("an address of this machine at its own port, %s, is refused", async (_how, others) => {
  const { proxy } = await openTestRun([], { resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }, ...others]) });
  onTestFinished(() => proxy.close());
  const { socket, head } = await openConnect(proxy, `self.example.test:${proxy.port}`);
  socket.destroy();
  expect(head).toMatch(/x-vault-refusal: own-address/i);
});

it("the same port of another name is not: nothing is said before it has been looked up", async () => {
  const { proxy } = await openTestRun([], { resolve: () => Promise.resolve([]) });
  onTestFinished(() => proxy.close());
  const { socket, head } = await openConnect(proxy, `other.example.test:${proxy.port}`);
  socket.destroy();
  expect(head).toMatch(/x-vault-refusal: upstream-unreachable/i);
});
