// A program that speaks with the agent by our own source, and approves all that waits.
import { listWaiting, settle } from "../../src/agent/client/approvals.ts";
import { connectAgent } from "../../src/agent/client/connect.ts";
import { VaultError } from "../../src/errors.ts";

const [folder = "", isAnnounced = ""] = process.argv.slice(2);
const agent = await connectAgent({ folder, socket: `${folder}/agent.sock`, token: `${folder}/agent.token`, realm: folder, state: folder });
try {
  if (agent === undefined) throw new Error("no agent");
  if (isAnnounced !== "") agent.announce();
  const waiting = await listWaiting(agent);
  for (const one of waiting) console.log(`approved: ${String(await settle(agent, one, { kind: "allow", extent: { kind: "once" } }, "command"))}`);
  console.log(`waiting: ${waiting.length}`);
} catch (error) {
  console.log(`refused: ${error instanceof VaultError ? error.code : String(error)}`);
} finally {
  agent?.close();
}
