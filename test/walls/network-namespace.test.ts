// The program would mend its network: bring up a device, add an address or a route, join the namespace that vault is in.
import { expect } from "vitest";
import { bareCall, hasPerl } from "../support/bare-call.ts";
import { has, story } from "../support/escape-stage.ts";

story("links, addresses and routes stay as they are, and no other namespace is joined", async (wall) => {
  const tries = ["ip link add d0 type dummy", "ip addr add 10.9.8.7/8 dev lo", "ip route add default dev lo", "ip route flush table local", "ip netns add n", "nsenter -t 1 -n true", "nsenter -t 1 -U true", "tc qdisc add dev lo root netem delay 1s", "nft flush ruleset", "iptables -F"];
  const { said } = await wall.run([...tries.map((line) => `${line} 2>/dev/null && echo "done: ${line}"`), bareCall("setns", ["$f", 0], { before: 'open(F, "<", "/proc/1/ns/net"); my $f = fileno(F) // -1;' }), "ip -o link | wc -l"].join("; "));
  expect(said).not.toContain("done: ");
  expect(said).toMatch(/^setns: E/m);
  expect(said).toMatch(/^1$/m);
}, ["an ordinary user", "root"], hasPerl && has("ip"), true);
