// A broker: the keys, the proxies and the logs of runs whose programs are on other machines.
import { randomBytes } from "node:crypto";
import { readRootsFile } from "../../run/roots/roots-file.ts";
import { collectRoots } from "../../run/roots/ca-file.ts";
import { forbidCoreDumps } from "../../run/child/memory-dump.ts";
import type { BrokerOrigin } from "../../broker/client.ts";
import { parseBrokerOrigin } from "../../broker/client.ts";
import type { Front, FrontOptions, Reply } from "../../broker/front.ts";
import { openFront, replyWith } from "../../broker/front.ts";
import { findText } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { DidKey } from "../../identity/did-key.ts";
import { isHandle } from "../../identity/handle.ts";
import { openReplayMemory } from "../../identity/replay-memory.ts";
import { openUpstreamTrust } from "../../proxy/tls/upstream-trust.ts";
import { requireUsableProxies } from "../runs/next-proxies.ts";
import type { Surroundings } from "../surroundings.ts";
import type { BrokerDesk } from "./broker-desk.ts";
import { openBrokerDesk } from "./broker-desk.ts";
import { addClaim } from "./claims.ts";
import { openRefusalRecord } from "./refusal-record.ts";
import type { ServedVault } from "./served-vault.ts";
import { openServedVault } from "./served-vault.ts";

export interface ServeOptions extends Pick<FrontOptions, "host" | "port" | "tls"> {
  /** The origin that runs know it by; undefined: that of where it listens. */
  readonly name: string | undefined;
  /** Whose vaults: each with its own folders, and its own owner. */
  readonly owners: readonly Surroundings[];
  /** PEM texts of further roots that upstream servers may present. */
  readonly upstreamRoots: readonly string[];
}

export interface RunningBroker {
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

/** How often it is looked whether those who have sessions may still have them. */
const LOOK_MS = 500;
/** What seals every value (FORMAT.md, Sealing). */
const SEAL_ALGORITHM = "XChaCha20-Poly1305";
/** No identity's key file has this; a flood of claims shall cost little. */
const CLAIM_BYTES_MAX = 256;
const NONCE_BYTES = 16;

/** @throws VaultError as a run's start would for each vault; `usage`, `io` for the listener. */
export async function serveBroker(options: ServeOptions, warn: (message: string) => void): Promise<RunningBroker> {
  await forbidCoreDumps();
  const vaults: ServedVault[] = [];
  const replays = openReplayMemory();
  let service: BrokerDesk | undefined;
  let front: Front | undefined;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await front?.close();
    await service?.close();
    await refusals.close();
    for (const vault of vaults) await vault.close();
  };
  // In the log of the vault whose owner has started it.
  const refusals = openRefusalRecord(async (event) => {
    await vaults[0]?.enter(event).catch((error: unknown) => {
      if (!(error instanceof VaultError)) throw error;
      warn(`that somebody was refused is not in the audit log: ${error.message}`);
    });
  });
  const timer = setInterval(() => { service?.endWhere((session) => session.isOver()); }, LOOK_MS);
  try {
    for (const owner of options.owners) vaults.push(await openOwned(owner, options.upstreamRoots));
    if (new Set(vaults.map(({ acceptances }) => acceptances.vault)).size < vaults.length) throw new VaultError("usage", "one vault was named twice, or a copy of it", "name each vault once");
    // Brokers that are known by one name serve the same vaults: the first on a store is where they meet.
    const shared = vaults.find((vault) => vault.shared !== undefined)?.shared;
    const address = options.host.includes(":") ? `[${options.host}]` : options.host;
    // Port 0 has its number only once it listens.
    let origin: BrokerOrigin | "" = options.name === undefined ? "" : parseBrokerOrigin(options.name);
    service = openBrokerDesk({
      audience: () => origin,
      vaults,
      nonce: shared?.nonce ?? randomBytes(NONCE_BYTES).toString("hex"),
      takeProof: async (proof) => {
        const { did, id } = proof;
        const isAccepted = (): boolean => vaults.some(({ acceptances }) => acceptances.find(did) !== undefined);
        // Of strangers there are as many as one likes to make: they share one room, and fill no store.
        if (!replays.take(`${did} ${id}`, isAccepted() ? did : "strangers", performance.now())) return false;
        if (shared === undefined) return true;
        // Of one whom nobody knows here, another machine may have told just now: his proof is good once at all of them.
        if (!isAccepted()) await Promise.all(vaults.flatMap((vault) => vault.shared?.catchUp() ?? []));
        return !isAccepted() || shared.takeProof(proof);
      },
      claim: (did, body) => Promise.resolve(claim(options.owners, did, body)),
      refused: (why, did) => { refusals.refused(why, did); },
      tell: async (what, isLocal) => tell(what, isLocal, vaults, service),
      now: Date.now,
      warn,
    });
    front = await openFront({ ...options, service });
    if (options.name === undefined) origin = parseBrokerOrigin(`${options.tls === undefined ? "http" : "https"}://${address}:${front.port}`);
    return { origin, port: front.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openOwned(owner: Surroundings, upstreamRoots: readonly string[]): Promise<ServedVault> {
  requireUsableProxies(owner.variables);
  const roots = collectRoots(owner.variables, [...readRootsFile(owner.paths.rootsFile), ...upstreamRoots]);
  return openServedVault(owner, openUpstreamTrust(roots.upstream));
}

/** Into the list of each vault: whose it is to be, only its owner can say. The answer is the same whatever became of it. */
function claim(owners: readonly Surroundings[], did: DidKey, body: Uint8Array): Reply {
  const handle = body.length <= CLAIM_BYTES_MAX ? (findText(body) ?? "") : "";
  if (!isHandle(handle)) return { status: 400 };
  for (const { paths, now } of owners) addClaim(paths, { did, handle, at: now().toISOString() });
  return { status: 202 };
}

/**
 * That it answers, and how values are encrypted, which is no secret: this version knows one way.
 *
 * @param provider who keeps the key, for this machine alone, as the counts are: where a stranger has come by the vault's file, it tells whether there is a passphrase to guess. Of the vault
 *   whose owner has started the broker, however many there are, so that nobody learns that there are others.
 */
function describeHealth(provider: string | undefined): object {
  return { status: "ok", encryption_source: SEAL_ALGORITHM, ...(provider === undefined ? {} : { encryption_backend: provider }) };
}

async function tell(what: "health" | "ready" | "metrics", isLocal: boolean, vaults: readonly ServedVault[], service: BrokerDesk | undefined): Promise<Reply> {
  if (what === "health") return replyWith(200, describeHealth(isLocal ? vaults[0]?.provider() : undefined));
  if (what === "ready") {
    const ready = (await Promise.all(vaults.map((vault) => vault.isReady()))).every((isReady) => isReady);
    return replyWith(ready ? 200 : 503, { status: ready ? "ready" : "not ready" });
  }
  // Counts, and of nobody's in particular; for this machine alone all the same.
  if (!isLocal) return { status: 404 };
  const { sessions = 0, opened = 0, joined = 0, refused = 0, connections = 0 } = service?.count() ?? {};
  const lines = [
    ["vault_broker_sessions", "gauge", "Sessions that are open", sessions],
    ["vault_broker_sessions_opened_total", "counter", "Sessions opened since the start", opened],
    ["vault_broker_sessions_joined_total", "counter", "Sessions of other brokers gone on with since the start", joined],
    ["vault_broker_requests_refused_total", "counter", "Requests refused for want of a proof or an acceptance", refused],
    ["vault_broker_connections_total", "counter", "Connections of programs taken over", connections],
  ] as const;
  const text = lines.map(([name, type, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`).join("");
  return { status: 200, body: Buffer.from(text), type: "text/plain; version=0.0.4" };
}
