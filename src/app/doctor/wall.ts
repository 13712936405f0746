// Whether a walled run would work here: tried with a wall of its own, in which nothing but `true` is started. Needs no vault.
import { VaultError } from "../../errors.ts";
import type { Wall } from "../../wall/wall.ts";
import { attemptWall } from "../../wall/wall.ts";
import { requireSandboxExec } from "../runs/mac-run.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem, problemOf } from "./finding.ts";

const FIX = "do without --sandbox, which keeps values out of the program and no program from the vault: vault run -- CMD";
const RELAY_TERMS = "what heeds HTTPS_PROXY and HTTP_PROXY reaches the proxy, and everything else reaches nothing, since this machine refuses powers in a namespace of the program's own (listening below port 1024); no --publish";
const RELAY_FIX = "where AppArmor's profile bwrap-userns-restrict is what refuses: another profile for /usr/bin/bwrap, with flags=(unconfined)";
/** The lowest of the ports that a wall listens on. */
const NAMES_PORT = 53;

export async function examineWall({ variables }: Pick<Surroundings, "variables">, platform: NodeJS.Platform = process.platform): Promise<Finding[]> {
  if (platform === "darwin") return [examineMac()];
  const attempt = await attemptWall({ command: "true", args: [], path: variables["PATH"] });
  if (attempt.kind === "obstacle") return [problem("wall", "io", `no wall can be made: ${attempt.obstacle.cause}`, attempt.obstacle.fix)];
  let { wall } = attempt;
  try {
    if (await isRelayNeeded(wall)) wall = wall.turnToRelay();
    await tryWall(wall);
    return [wall.mode === "relay" ? note("wall", `vault run --sandbox works here, as a relay: ${RELAY_TERMS}`, RELAY_FIX) : ok("wall", "vault run --sandbox works here"), ...(wall.mode === "relay" || wall.hasRoute() ? [] : [note("wall", "neither ip nor perl is there to set a route with: behind the wall, connections to addresses fail, and those to names do not", "install iproute2")])];
  } catch (error) {
    return [problemOf("wall", error, FIX)];
  } finally {
    wall.close();
  }
}

/** Nothing is started: whether there is what starts it is all that can be told. */
function examineMac(): Finding {
  try {
    requireSandboxExec();
    return note("wall", "vault run --sandbox starts the program by sandbox-exec here, with a profile that was tested as text and not by running it");
  } catch (error) {
    return problemOf("wall", error, FIX);
  }
}

export interface WalledNetwork {
  readonly kind: "transparent" | "relay" | "none";
  readonly text: string;
}

/** How programs behind a wall would reach the proxy here, in words; or why there can be none. Nothing of theirs is started. */
export async function describeNetwork({ variables }: Pick<Surroundings, "variables">): Promise<WalledNetwork> {
  const attempt = await attemptWall({ command: "true", args: [], path: variables["PATH"] });
  if (attempt.kind === "obstacle") return { kind: "none", text: `there is no wall here: ${attempt.obstacle.cause} (${attempt.obstacle.fix})` };
  try {
    return (await isRelayNeeded(attempt.wall)) ? { kind: "relay", text: `its network, as a relay: ${RELAY_TERMS}` } : { kind: "transparent", text: "its network: whatever it dials arrives at the proxy" };
  } finally {
    attempt.wall.close();
  }
}

/** @throws VaultError `io` where the wall's listeners fail for another reason. */
async function isRelayNeeded({ listeners }: Wall): Promise<boolean> {
  try {
    const { server } = await listeners.listen(NAMES_PORT);
    server.close();
    return false;
  } catch (error) {
    if (listeners.isRefused()) return true;
    throw error;
  }
}

/** A space in which a program starts and ends. */
async function tryWall(wall: Wall): Promise<void> {
  const { ended } = wall.start({ mounts: [{ kind: "read-only", source: "/", path: "/" }, { kind: "empty", path: "/tmp" }], environment: { PATH: "/usr/bin:/bin" }, folder: "/" });
  const listened = wall.mode === "relay" ? wall.listeners.listen(0).then(({ server }) => { server.close(); wall.letGo(); }) : undefined;
  const [end] = await Promise.all([ended, listened]);
  if (end.kind !== "exited" || end.status !== 0) throw new VaultError("io", "a program behind the wall does not end as it should", FIX);
}
