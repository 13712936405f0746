// Loaded into each Node of a run, before the program's own code, by NODE_OPTIONS. It stays where the program is installed and not in the run's folder:
// a process that outlives its run still has it in its NODE_OPTIONS, and Node does not start without it. It imports nothing but what every Node has loaded by then: http and https alone take 16 ms.
import { createRequire } from "node:module";

if (heedsProxyVariables(process.versions.node)) muteNotice();
else createRequire(__filename)("./node-proxy.cjs");

/** NODE_USE_ENV_PROXY, which every child of a run has, covers fetch, http and https from 22.21 and 24.5 on. */
function heedsProxyVariables(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

/** Node 22 says at each start that this way is experimental: two lines in the output of every program, which asked for none of it. */
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
