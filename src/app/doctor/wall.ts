// Whether a walled run would work here: tried with a wall of its own, in which nothing but `true` is started. Needs no vault.
import { VaultError } from "../../errors.ts";
import type { Wall } from "../../wall/wall.ts";
import { attemptWall } from "../../wall/wall.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding } from "./finding.ts";
import { note, ok, problem, problemOf } from "./finding.ts";

const FIX = "vault run without --sandbox, which keeps values out of the program and no program from the vault";
/** The lowest of the ports that a wall listens on. */
const NAMES_PORT = 53;

export async function examineWall({ variables }: Pick<Surroundings, "variables">): Promise<Finding[]> {
  const attempt = await attemptWall({ command: "true", args: [], path: variables["PATH"] });
  if (attempt.kind === "obstacle") return [problem("wall", "io", `no wall can be made: ${attempt.obstacle.cause}`, attempt.obstacle.fix)];
  const { wall } = attempt;
  try {
    await tryWall(wall);
    const route = wall.hasRoute() ? [] : [note("wall", "neither ip nor perl is there to set a route with: behind the wall, connections to addresses fail, and those to names do not", "install iproute2")];
    return [ok("wall", "vault run --sandbox works here"), ...route];
  } catch (error) {
    return [problemOf("wall", error, FIX)];
  } finally {
    wall.close();
  }
}

/** A listener at a low port, and a space in which a program starts and ends. */
async function tryWall(wall: Wall): Promise<void> {
  const { server } = await wall.listeners.listen(NAMES_PORT);
  server.close();
  const { ended } = wall.start({ mounts: [{ kind: "read-only", source: "/", path: "/" }, { kind: "empty", path: "/tmp" }], environment: { PATH: "/usr/bin:/bin" }, folder: "/" });
  const end = await ended;
  if (end.kind !== "exited" || end.status !== 0) throw new VaultError("io", "a program behind the wall does not end as it should", FIX);
}
