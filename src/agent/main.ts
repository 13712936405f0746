// The agent's process: takes its order on stdin, says on stdout what became of it, serves until the key has to go.
import inspector from "node:inspector";
import { wipe } from "../bytes.ts";
import { RateKeeper } from "./approvals/rate-keeper.ts";
import { AGENT_TITLE } from "./presence/roll-call.ts";
import { KeyCustody } from "./server/key-custody.ts";
import { listenPrivately } from "./server/private-socket.ts";
import { AgentServer } from "./server/server.ts";
import type { LoginKeeper } from "./sources/login-keeper.ts";
import type { StartOrder, StartReply } from "./start.ts";
import { encodeStartReply, parseStart, startFailure } from "./start.ts";
import { systemTime } from "./time/time.ts";
import { Channel } from "./wire/channel.ts";
import type { Frame } from "./wire/frame.ts";
import type { AgentPaths } from "./wire/paths.ts";

/** Longer than the dearest key derivation on the slowest machine. Should the starter end before, so does stdin, and this process with it. */
const ORDER_MS = 10 * 60_000;

/** @param storeLogin as `StartOrder` has it. */
type OpenLogins = (paths: AgentPaths, storeLogin: string) => LoginKeeper;

let server: AgentServer | undefined;

/** Returns when the process is about to end. @param openLogins the logins of the vault whose key it gets. */
export async function serveAgent(openLogins: OpenLogins): Promise<void> {
  process.title = AGENT_TITLE;
  process.umask(0o077);
  // Node opens its inspector to every local user on SIGUSR1 unless something else listens to it.
  process.on("SIGUSR1", () => undefined);
  // SIGQUIT would otherwise leave a core dump, key and all.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"]) process.on(signal, () => { void leave(); });
  process.on("uncaughtException", () => { end(1); });
  const channel = new Channel(process.stdin, process.stdout);
  const frame = await channel.receive(ORDER_MS);
  // Someone may have opened the inspector before the signal was listened to, or by other means.
  if (frame === undefined || inspector.url() !== undefined) {
    end(1);
    return;
  }
  const reply = await serve(frame, openLogins).catch(startFailure);
  await channel.send(encodeStartReply(reply));
  channel.close();
  await server?.ended;
  end(reply.kind === "failed" ? 1 : 0);
}

async function serve(frame: Frame, openLogins: OpenLogins): Promise<StartReply> {
  const { paths, grant, storeLogin } = readOrder(frame);
  const custody = new KeyCustody(grant, systemTime);
  const listener = await listenPrivately(paths);
  if (listener === undefined) {
    custody.close();
    return { kind: "taken" };
  }
  server = new AgentServer(listener, custody, { logins: openLogins(paths, storeLogin), rates: new RateKeeper(paths.state) });
  return { kind: "ready" };
}

function readOrder(frame: Frame): StartOrder {
  try {
    return parseStart(frame);
  } finally {
    wipe(frame.keys);
  }
}

/** The machine is shut down, say: a login that is being refreshed would be lost. */
async function leave(): Promise<void> {
  await server?.leave().catch(() => undefined);
  end(0);
}

function end(status: number): void {
  try {
    server?.close();
  } finally {
    process.exit(status);
  }
}
