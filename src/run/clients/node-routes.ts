// What a run tells the Nodes in it: which connections lead to its proxy, and how. It stands in the run's folder, where what a Node loads at its start finds it (node-preload.ts).
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";

export interface NodeRoutes {
  /** `http://user:token@127.0.0.1:port`. */
  readonly proxyUrl: string;
  /** PEM: the run's own root, and the file that has it among others. */
  readonly caCertificate: string;
  readonly caFile: string;
  /** `api.github.com:443`, `*.example.com:443`. */
  readonly bound: readonly string[];
  /** Whether requests to other hosts have to come to the proxy, too, which refuses them. */
  readonly denyUnmatched: boolean;
}

const FILE = "node.json";

/**
 * Writes it, 0600: it holds the run's token, as the proxy variables do.
 *
 * @throws VaultError `io`.
 */
export function writeNodeRoutes(folder: string, routes: NodeRoutes): void {
  const path = join(folder, FILE);
  try {
    writeFileSync(path, JSON.stringify(routes), { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new VaultError("io", `cannot write "${path}" (${systemErrorCode(error) ?? "unknown error"})`);
  }
}

/** Undefined where the run has ended. */
export function findNodeRoutes(folder: string): NodeRoutes | undefined {
  try {
    return parse(JSON.parse(readFileSync(join(folder, FILE), "utf8")));
  } catch {
    return undefined;
  }
}

function parse(value: unknown): NodeRoutes | undefined {
  const { proxyUrl, caCertificate, caFile, bound, denyUnmatched } = (value ?? {}) as Partial<Record<keyof NodeRoutes, unknown>>;
  if (typeof proxyUrl !== "string" || typeof caCertificate !== "string" || typeof caFile !== "string" || typeof denyUnmatched !== "boolean") return undefined;
  if (!Array.isArray(bound) || !bound.every((text) => typeof text === "string")) return undefined;
  return { proxyUrl, caCertificate, caFile, bound, denyUnmatched };
}
