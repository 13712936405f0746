// Loaded into each Node of a run, before the program's own code, by NODE_OPTIONS. It stays where the program is installed and not in the run's folder:
// a process that outlives its run still has it in its NODE_OPTIONS, and Node does not start without it. What it needs of the run it reads from that folder, whatever other variables the process was left.
import { findRunFolder } from "./node-options.ts";
import { findNodeRoutes } from "./node-routes.ts";
import { tunnelBoundHosts } from "./node-tunnel.ts";

muteNotice();
const folder = findRunFolder(process.env["NODE_OPTIONS"] ?? "");
const routes = folder === undefined ? undefined : findNodeRoutes(folder);
// A `vault run` inside this run undoes it for itself (cli/input/inherited-options.ts).
if (routes !== undefined) Object.defineProperty(process, Symbol.for("vaultrun.preload"), { value: tunnelBoundHosts(routes) });

/** Node 22 says at each start that NODE_USE_ENV_PROXY is experimental: two lines in the output of every program, which asked for none of it. */
function muteNotice(): void {
  const original: unknown = Reflect.get(process, "emit");
  if (!process.versions.node.startsWith("22.") || typeof original !== "function") return;
  const emit = (...args: readonly unknown[]): unknown => {
    const [event, warning] = args;
    const isNotice = event === "warning" && warning instanceof Error && Reflect.get(warning, "code") === "UNDICI-EHPA";
    return isNotice ? true : Reflect.apply(original, process, args);
  };
  Object.assign(process, { emit });
  setImmediate(() => {
    if (Reflect.get(process, "emit") === emit) Reflect.deleteProperty(process, "emit");
  });
}
