// The gate of one run: whom its proxy asks before a request goes out that a rule holds, and who counts the uses of its secrets. The agent does both, for all runs of this machine.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Decision } from "../../agent/approvals/answer.ts";
import type { HeldRequest } from "../../agent/approvals/held-request.ts";
import type { BucketUse } from "../../agent/approvals/rate-bucket.ts";
import { nameOf } from "../../agent/approvals/rate-bucket.ts";
import { takeUses } from "../../agent/client/approvals.ts";
import type { AgentClient } from "../../agent/client/client.ts";
import type { HeldRequests } from "../../agent/client/held-requests.ts";
import { openHeldRequests } from "../../agent/client/held-requests.ts";
import type { Grant } from "../../proxy/grants/grant.ts";
import type { Gate } from "../../proxy/judge/rules/judge-rules.ts";
import type { AskedRequest, AskVerdict, LoopbackPeer, MeterVerdict, RunGate } from "../../proxy/judge/run-gate.ts";
import type { HearWish } from "../../proxy/port/wish.ts";
import type { Answer, AskHere } from "./waiting.ts";

/** How long a request waits for a use that is to come: clients try again by themselves, and few of them less often. */
const USE_WAIT_MS = 5_000;

/** One that waits, as the person who started the run hears of it. */
export interface HeldNotice {
  readonly id: string;
  readonly request: HeldRequest;
}

export interface GateOptions {
  /** A connection that nobody else uses, made before the program is started. Undefined where the agent has ended, and no other can be had. */
  readonly connect: () => Promise<AgentClient | undefined>;
  /** The run's id, as the log has it. */
  readonly run: string;
  /** What the program is called, where the system does not tell which one asks. */
  readonly program: string;
  /** What a grant's secret is called for ever, whatever its name is. */
  readonly idOf: (grant: Grant) => string;
  readonly isRevoked: () => boolean;
  /** Hears of each request that begins to wait. */
  readonly tell: (notice: HeldNotice) => void;
  /** Asks at the run's own terminal, where that was wanted. Undefined: nobody has answered there. */
  readonly askHere?: AskHere | undefined;
}

export interface OpenGate extends RunGate {
  readonly wish: HearWish;
  /** From now on it is known which program is at the other end of a connection. */
  findProgramsBy(find: (peer: LoopbackPeer) => readonly string[]): void;
  close(): void;
}

interface Link {
  readonly agent: AgentClient;
  readonly held: HeldRequests;
}

/** Connects at once, so that no program of the run can be at the other end. Whoever opened it closes it. @throws what connecting says. */
export async function openRunGate(options: GateOptions): Promise<OpenGate> {
  const link = await connectBy(options.connect);
  return new AgentGate(options, link);
}

async function connectBy(connect: GateOptions["connect"]): Promise<Link | undefined> {
  const agent = await connect();
  return agent === undefined ? undefined : { agent, held: openHeldRequests(agent) };
}

class AgentGate implements OpenGate {
  readonly #options: GateOptions;
  #link: Link | undefined;
  #connecting: Promise<Link | undefined> | undefined;
  #isClosed = false;
  #findPrograms: (peer: LoopbackPeer) => readonly string[] = () => [];
  /** How often each secret has been used in this run. */
  readonly #uses = new Map<string, number>();

  constructor(options: GateOptions, link: Link | undefined) {
    this.#options = options;
    this.#link = link;
  }

  findProgramsBy(find: (peer: LoopbackPeer) => readonly string[]): void {
    this.#findPrograms = find;
  }

  close(): void {
    this.#isClosed = true;
    this.#link?.agent.close();
  }

  readonly ask = async (asked: AskedRequest): Promise<AskVerdict> => {
    try {
      return await this.#holdAnywhere(this.#describe(asked), asked);
    } catch {
      return { kind: "ended" };
    }
  };

  readonly wish: HearWish = async ({ what, why, peer, signal }) => {
    const request: HeldRequest = { kind: "wish", run: this.#options.run, programs: this.#programsAt(peer), secrets: [], secretIds: [], rules: [], method: "ASK", host: what, path: why, body: { kind: "none" }, digest: hashOf([what, why]) };
    try {
      return await this.#holdAnywhere(request, { signal, onHeld: () => undefined });
    } catch {
      return { kind: "ended" };
    }
  };

  readonly meter = async (gates: readonly Gate[], signal: AbortSignal): Promise<MeterVerdict> => {
    const spent = this.#takeOfRun(gates);
    if (spent !== undefined) return { kind: "spent", gate: spent, retryMs: undefined };
    const verdict = await this.#takeOfAgent(gates, signal).catch((): MeterVerdict | undefined => undefined);
    if (verdict?.kind === "counted") return verdict;
    this.#giveBack(gates);
    const [first] = gates;
    return verdict ?? (first === undefined ? { kind: "counted" } : { kind: "uncounted", gate: first });
  };

  async #holdAnywhere(request: HeldRequest, asked: Pick<AskedRequest, "signal" | "onHeld">): Promise<AskVerdict> {
    for (let attempt = 0; ; attempt += 1) {
      const begun = { isHeld: false };
      const link = await this.#connected();
      if (link === undefined) return { kind: "ended" };
      const decision = await this.#hold(link, request, asked, () => { begun.isHeld = true; });
      if (decision.kind !== "ended") return decision;
      if (this.#link === link) this.#link = undefined;
      // The agent may have ended because its time was over, and another one be there. What somebody had begun to decide on is over with it.
      if (begun.isHeld || attempt > 0 || this.#options.isRevoked()) return decision;
    }
  }

  async #hold({ held }: Link, request: HeldRequest, { signal, onHeld }: Pick<AskedRequest, "signal" | "onHeld">, begin: () => void): Promise<Decision> {
    const { askHere, tell } = this.#options;
    const over = new AbortController();
    const leave = (): void => { over.abort(); };
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    const here: { answer: Answer | undefined } = { answer: undefined };
    try {
      const decision = await held.hold(request, over.signal, (id) => {
        begin();
        onHeld();
        const notice = { id, request };
        tell(notice);
        void askHere?.(notice, over.signal).then((answer) => {
          if (answer === undefined || over.signal.aborted) return;
          here.answer = answer;
          leave();
        }).catch(() => undefined);
      });
      return here.answer === undefined ? decision : decisionOf(here.answer);
    } finally {
      signal.removeEventListener("abort", leave);
      // Whoever is being asked here has no need to answer any more.
      leave();
    }
  }

  #describe({ gates, method, host, target, body, digest, peer }: AskedRequest): HeldRequest {
    return {
      kind: "request",
      run: this.#options.run,
      programs: this.#programsAt(peer),
      secrets: namesOf(gates),
      secretIds: [...new Set(gates.map(({ grant }) => this.#options.idOf(grant)))],
      rules: gates.map(({ rule, layer }) => `${rule}${layer.by === undefined ? "" : ` (${layer.by})`}`),
      method,
      host,
      path: target,
      body,
      digest,
    };
  }

  #programsAt(peer: LoopbackPeer | undefined): readonly string[] {
    const programs = peer === undefined ? [] : this.#findPrograms(peer);
    return programs.length > 0 ? programs.slice(0, 16) : [this.#options.program];
  }

  /** Nothing in it waits: those who ask at once come one after the other. @returns the first that has no use left. */
  #takeOfRun(gates: readonly Gate[]): Gate | undefined {
    const counted = gates.filter(({ layer }) => layer.rules.uses !== null);
    const spent = counted.find(({ grant, layer }) => (this.#uses.get(grant.name) ?? 0) >= (layer.rules.uses ?? 0));
    if (spent === undefined) for (const name of namesOf(counted)) this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    return spent;
  }

  #giveBack(gates: readonly Gate[]): void {
    for (const name of namesOf(gates.filter(({ layer }) => layer.rules.uses !== null))) this.#uses.set(name, Math.max(0, (this.#uses.get(name) ?? 0) - 1));
  }

  async #takeOfAgent(gates: readonly Gate[], signal: AbortSignal): Promise<MeterVerdict> {
    const rated = gates.filter(({ layer }) => layer.rules.rate !== null);
    const [first] = rated;
    if (first === undefined) return { kind: "counted" };
    // One use, however many names or layers of rules have the same bucket.
    const uses = [...new Map(rated.flatMap((gate) => this.#bucketOf(gate) ?? []).map((use) => [nameOf(use), use])).values()];
    for (let waitedMs = 0; ; ) {
      const waitMs = await this.#take(uses);
      if (waitMs === 0) return { kind: "counted" };
      if (waitedMs + waitMs > USE_WAIT_MS || signal.aborted) return { kind: "spent", gate: first, retryMs: waitMs };
      await sleep(waitMs);
      waitedMs += waitMs;
    }
  }

  async #take(uses: readonly BucketUse[]): Promise<number> {
    const link = await this.#connected();
    if (link === undefined) throw new Error("no agent");
    try {
      return await takeUses(link.agent, uses);
    } catch (error) {
      if (this.#link === link) this.#link = undefined;
      if (this.#options.isRevoked()) throw error;
      const next = await this.#connected();
      if (next === undefined) throw error;
      return takeUses(next.agent, uses);
    }
  }

  /** The vault's own rule is for all runs together; one that narrows it, for this one. */
  #bucketOf({ grant, layer }: Gate): BucketUse | undefined {
    const { rate } = layer.rules;
    if (rate === null) return undefined;
    const key = [this.#options.idOf(grant), ...(layer.by === undefined ? [] : [this.#options.run, layer.by])];
    return { key: hashOf(key), perMinute: rate.perMinute, burst: rate.burst };
  }

  /** The run may have ended meanwhile. */
  #keep(link: Link | undefined): Link | undefined {
    if (this.#isClosed) link?.agent.close();
    else this.#link = link;
    return this.#link;
  }

  /** One at a time, whoever asks. */
  async #connected(): Promise<Link | undefined> {
    if (this.#link !== undefined) return this.#link;
    if (this.#isClosed || this.#options.isRevoked()) return undefined;
    this.#connecting ??= connectBy(this.#options.connect).catch(() => undefined).finally(() => { this.#connecting = undefined; });
    return this.#keep(await this.#connecting);
  }
}

function decisionOf(answer: Answer): Decision {
  return answer.kind === "allow" ? { kind: "allowed", by: "here", extent: answer.extent.kind } : { kind: "denied", by: "here", reason: answer.reason };
}

/** SHA-256, in hexadecimal digits. */
function hashOf(words: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(words)).digest("hex");
}

function namesOf(gates: readonly Gate[]): string[] {
  return [...new Set(gates.map(({ grant }) => grant.name))];
}
