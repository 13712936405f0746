// A run whose values are elsewhere: this machine makes the program's surroundings, and a broker keeps the keys, the proxy and the log.
import { realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { announce, realmOf } from "../../agent/presence/presence.ts";
import type { BrokerClient } from "../../broker/client.ts";
import type { LentSecret, SessionAnswer, SessionOrder } from "../../broker/order.ts";
import { encodeOrder, parseAnswer } from "../../broker/order.ts";
import { encodeOutcome } from "../../broker/outcome.ts";
import { parseEnd, parseTrouble } from "../../broker/said.ts";
import { VaultError } from "../../errors.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import { startChild } from "../../run/child/child.ts";
import type { ExitOutcome } from "../../run/child/exit-outcome.ts";
import { statusOf } from "../../run/child/exit-outcome.ts";
import { forbidCoreDumps } from "../../run/child/memory-dump.ts";
import type { HeldSignals } from "../../run/child/signals.ts";
import { holdSignals } from "../../run/child/signals.ts";
import { collectRoots } from "../../run/roots/ca-file.ts";
import { openRunFolder } from "../../run/run-folder.ts";
import { Secret } from "../../secret.ts";
import { findCanonicalBinding } from "../../vault/host.ts";
import { requireWall } from "../../wall/wall.ts";
import type { Surroundings } from "../surroundings.ts";
import { openBrokerRelay } from "./broker-relay.ts";
import type { NamedGrant } from "./child-environment.ts";
import { furnishChild } from "./child-environment.ts";
import { GOOGLE_ENDPOINT } from "./granted-secrets.ts";
import { requireAsked } from "./lent-secrets.ts";
import { openRunLog } from "./run-log.ts";
import type { RunOptions } from "./run-options.ts";
import { holdSessionLine } from "./session-line.ts";
import { findEnvFiles } from "./shown-env-files.ts";
import { eraseShownSecrets } from "./shown-secrets.ts";
import { findValuesByName } from "./values-by-name.ts";
import type { ChosenWall, NamedProxy } from "./walled-run.ts";
import { openWalledProxy, runWalled } from "./walled-run.ts";

/** What a broker cannot do for a run, and the run cannot without values. */
export interface BrokeredOptions extends Pick<RunOptions, "command" | "args" | "viewpoint" | "selections" | "denyUnmatched" | "narrowing" | "strict" | "logFile" | "tellSummary" | "wall" | "freshPlaceholders"> {
  /** Base64 of a vault's id, where several have accepted the identity. */
  readonly vault: string | undefined;
  /** The text of the project's file. */
  readonly project: string | undefined;
}

/**
 * @returns the program's status.
 * @throws VaultError when anything fails before the program is started: `store-unavailable`, `not-accepted`; as the broker says it.
 */
export async function runBrokered(surroundings: Surroundings, client: BrokerClient, options: BrokeredOptions): Promise<number> {
  const log = options.logFile === undefined ? undefined : openRunLog(options.logFile, surroundings.now, surroundings.warn);
  let chosen: ChosenWall | undefined;
  // What is for a person to do, a program below this process may not do here either. No vault of this machine's is in it: its lock does not wait for this.
  const presence = announce("run", realmOf(join(surroundings.paths.runtimeFolder, "at-broker")));
  try {
    if (options.wall !== undefined) chosen = { choice: options.wall, wall: await requireWall({ command: options.command, args: options.args, path: surroundings.variables["PATH"], outputs: undefined }) };
    const limited = forbidCoreDumps();
    const answer = await openSession(client, options);
    const signals = holdSignals();
    try {
      // Of a broker that is gone the person hears once, whoever finds out first.
      const told = new Set<string>();
      const lost = { isKnown: false };
      const onLost = ({ code, message }: VaultError): void => {
        // Who cannot be reached may be there again, or another one in its place.
        lost.isKnown ||= code !== "store-unavailable";
        if (!told.has(message)) surroundings.warn(message);
        told.add(message);
      };
      const events = await holdSessionLine(client, answer.session, { hear: (line) => { log?.append(line); }, onLost });
      try {
        const outcome = await runBesideRelay(surroundings, client, options, { answer, chosen, signals, limited, onLost });
        for (const line of lost.isKnown ? [] : await endSession(client, answer.session, outcome)) {
          if (told.has(line)) continue;
          if (options.tellSummary === undefined) surroundings.warn(line);
          else options.tellSummary([line]);
        }
        if (outcome.kind === "not-found") surroundings.warn(`the program "${options.command}" was not found`);
        if (outcome.kind === "not-executable") surroundings.warn(`the program "${options.command}" cannot be executed (${outcome.reason})`);
        return statusOf(outcome);
      } finally {
        events.close();
      }
    } finally {
      signals.close();
    }
  } finally {
    presence.withdraw();
    chosen?.wall.close();
    log?.close();
  }
}

async function openSession(client: BrokerClient, options: BrokeredOptions): Promise<SessionAnswer> {
  const { command, viewpoint, selections, project, vault, denyUnmatched, strict } = options;
  const order: SessionOrder = {
    program: basename(command), vault, workspace: viewpoint.workspace, group: viewpoint.group, selections, project, denyUnmatched, strict, rules: options.narrowing?.rules, presets: options.narrowing?.presets,
    freshPlaceholders: options.freshPlaceholders === true, isWalled: options.wall !== undefined, isLogged: options.logFile !== undefined, isSummed: options.tellSummary !== undefined,
  };
  const { status, body } = await client.ask("POST", "/v1/sessions", encodeOrder(order));
  if (status === 201) return requireAsked(parseAnswer(body), order);
  throw parseTrouble(client.origin, status, body);
}

interface Beside {
  readonly answer: SessionAnswer;
  readonly chosen: ChosenWall | undefined;
  readonly signals: HeldSignals;
  /** Before this has come, the program must not start. */
  readonly limited: Promise<void>;
  /** Hears why the broker takes no connection any more. */
  readonly onLost: (why: VaultError) => void;
}

/** Listener and folder live exactly as long as the program. */
async function runBesideRelay(surroundings: Surroundings, client: BrokerClient, options: BrokeredOptions, { answer, chosen, signals, limited, onLost }: Beside): Promise<ExitOutcome> {
  const relay = openBrokerRelay(client, answer, onLost);
  const grants = answer.secrets.map(grantOf);
  const likely = findValuesByName(grants, surroundings.variables, chosen === undefined ? [] : findEnvFiles(chosen.choice.writable).paths);
  // What stands before the relay, where there is a wall, closes the relay too.
  let opened: Pick<NamedProxy, "close"> = relay;
  try {
    const walled = chosen === undefined ? undefined : await openWalledProxy(chosen, relay, grants.flatMap(({ grant }) => grant.bindings));
    opened = walled ?? relay;
    const proxy: NamedProxy = walled ?? { ...relay, ...(await relay.listen()) };
    const folder = openRunFolder(join(surroundings.paths.runtimeFolder, "runs"));
    try {
      const path = chosen === undefined ? folder.path : realpathSync(folder.path);
      const roots = collectRoots(surroundings.variables, []);
      const environment = await furnishChild(surroundings, { folder: path, proxy, grants, beside: likely, denyUnmatched: options.denyUnmatched, trusted: roots.child, withheld: [] });
      // The identity's key may be one of them.
      const shown = eraseShownSecrets(environment, surroundings);
      for (const warning of [...roots.warnings, ...environment.warnings, ...shown]) surroundings.warn(warning);
      await limited;
      const program = { command: options.command, args: options.args, environment: environment.variables, signals };
      if (chosen === undefined || walled === undefined) return await startChild(program).ended;
      return await runWalled(surroundings, chosen.choice, walled, { command: options.command, folder: path, keyFile: undefined, hidden: likely, environment: environment.variables, runCa: relay.caCertificate, signals, rewritten: undefined });
    } finally {
      folder.close();
    }
  } finally {
    for (const { value } of likely) value.wipe();
    await opened.close();
  }
}

/** The program has ended by now, and its status counts more than what the broker has to say. */
async function endSession(client: BrokerClient, session: string, outcome: ExitOutcome): Promise<readonly string[]> {
  for (const [attempt, pauseMs] of END_PAUSES_MS.entries()) {
    try {
      const { status, body } = await client.ask("DELETE", `/v1/sessions/${session}`, encodeOutcome(outcome));
      return status === 200 ? parseEnd(body) : [];
    } catch (error) {
      if (!(error instanceof VaultError)) return ["the end of the run could not be told to the broker"];
      // The answer before was lost, and not what it answered.
      if (error.code === "not-accepted" && attempt > 0) return [];
      if (error.code !== "store-unavailable" || attempt === END_PAUSES_MS.length - 1) return [error.message];
    }
    await sleep(pauseMs);
  }
  return [];
}

/** Behind its name, another broker may be there in a moment. */
const END_PAUSES_MS = [200, 800, 0];

/** The value is the broker's alone. */
function grantOf({ variable, name, placeholder, hosts, places, serves }: LentSecret): NamedGrant {
  const grant: Grant = {
    name, placeholder, places,
    value: Secret.fromText(""),
    bindings: hosts.flatMap((host) => findCanonicalBinding(host) ?? []),
    allowPrivate: false,
    ...(serves === "aws" ? { signs: "aws" } : {}),
    ...(serves === "google" ? { tokenEndpoint: GOOGLE_ENDPOINT } : {}),
  };
  return { variable, grant };
}
