// The agent's side of the socket: who may ask, in what order, and when it ends.
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { equalBytes, wipe } from "../../bytes.ts";
import type { Seat } from "../approvals/desk.ts";
import { ApprovalDesk } from "../approvals/desk.ts";
import type { Connection } from "../approvals/person-proof.ts";
import type { RateKeeper } from "../approvals/rate-keeper.ts";
import type { Reply } from "../messages/reply.ts";
import { encodeReply, refusalCodeOf } from "../messages/reply.ts";
import type { Request } from "../messages/request.ts";
import { isOfApprovals, parseRequest } from "../messages/request.ts";
import type { LoginKeeper } from "../sources/login-keeper.ts";
import { makeValue } from "../sources/makers.ts";
import type { MadeValue, MakeOrder } from "../sources/source-maker.ts";
import type { Time } from "../time/time.ts";
import { systemTime } from "../time/time.ts";
import { Channel } from "../wire/channel.ts";
import { encodeChallenge, encodeWelcome, findClient, NONCE_BYTES } from "../wire/handshake.ts";
import { HeadMemory } from "./head-memory.ts";
import type { HeldKey, KeyCustody } from "./key-custody.ts";
import { MadeValues } from "./made-values.ts";
import type { PrivateSocket } from "./private-socket.ts";

/** Connections on which nobody has proved himself yet. Clients that find none left try again. */
const STRANGERS_MAX = 64;
/** A stranger's whole time. */
const HANDSHAKE_MS = 2000;
/** How long clients may take to read the last that they hear: the key is gone by then. */
const FAREWELL_MS = 500;
/** Timers stand still while a laptop sleeps, so the clocks are looked at this often; and so is whether anyone can still reach the agent. */
const CHECK_MS = 2000;
/** How long an agent for runs waits for the one that started it. */
const FIRST_CLIENT_MS = 10_000;
/** How long it stays when the last of them has gone: a run hangs up and asks anew within milliseconds. Whoever comes later has to show the key again. */
const ALONE_MS_MAX = 500;
const ALONE_CHECK_MS = 250;
/** How long an agent for runs waits in all, where a login could not be written that the server has given: for a disk that is full, or a process that holds the vault. */
const UNWRITTEN_MS_MAX = 10 * 60_000;

type KeyRequest = Exclude<Request, { readonly op: "lock" }>;

/** What was answered, and which key the client knows of from then on. */
interface Answer {
  readonly reply: Reply;
  readonly key: HeldKey;
}

/** At the other end of a connection, and has proved itself. */
interface Client {
  readonly channel: Channel;
  readonly seat: Seat;
}

/** What the agent has beside its key. */
export interface AgentMeans {
  readonly make?: (order: MakeOrder) => Promise<MadeValue>;
  readonly time?: Time;
  /** Without one, there are no logins. */
  readonly logins?: LoginKeeper;
  /** Without one, nothing is allowed whose uses are counted. */
  readonly rates?: RateKeeper;
  /** How long a request waits for a person, in milliseconds; tests pass less. */
  readonly approvalMs?: number;
}

/** Serves a key until it expires, is locked, or nobody can reach the socket any more; one for runs, until none of them is there. */
export class AgentServer {
  /** Resolves when the key is wiped and socket and token are gone. */
  readonly ended: Promise<void>;
  readonly #listener: PrivateSocket;
  readonly #custody: KeyCustody;
  readonly #heads = new HeadMemory();
  readonly #channels = new Set<Channel>();
  /** Those whose client has proved itself. */
  readonly #known = new Set<Channel>();
  readonly #values: MadeValues;
  readonly #time: Time;
  readonly #desk: ApprovalDesk;
  #expiring: Promise<void> | undefined;
  #isForgotten = false;
  #hasHadClient = false;
  /** Since when there has been no client. */
  #aloneSinceMs: number;
  #resolveEnded: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: PrivateSocket, custody: KeyCustody, { make = makeValue, time = systemTime, logins, rates, approvalMs }: AgentMeans = {}) {
    this.#listener = listener;
    this.#custody = custody;
    this.#values = new MadeValues({ make, time, custody, heads: this.#heads, logins });
    this.#time = time;
    this.#desk = new ApprovalDesk(time, rates, { waitMs: approvalMs });
    this.#aloneSinceMs = time.now().monotonicMs;
    this.ended = new Promise((resolve) => { this.#resolveEnded = resolve; });
    listener.onConnection((socket) => { void this.#accept(socket); });
    this.#watch();
  }

  /** Forgets the key, removes socket and token, hangs up. Safe to call twice. */
  close(): void {
    this.#forget();
    for (const channel of this.#channels) channel.close();
    this.#resolveEnded();
  }

  /** As `close`, once what is being refreshed is in the vault, or could not be in time. */
  async leave(): Promise<void> {
    await this.#values.finish();
    this.close();
  }

  #forget(): void {
    this.#isForgotten = true;
    clearTimeout(this.#timer);
    this.#custody.close();
    this.#values.close();
    this.#desk.clear();
    this.#listener.release();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#isForgotten) return;
    if (this.#custody.isExpired) {
      void this.#expireOnce();
      return;
    }
    if (!this.#listener.isReachable() || this.#isLeft()) {
      void this.leave();
      return;
    }
    void this.#values.writeRest();
    const checkMs = this.#mayEndSoon ? ALONE_CHECK_MS : CHECK_MS;
    this.#timer = setTimeout(() => { this.#watch(); }, Math.min(this.#custody.timeLeft.idleLeftMs, checkMs));
  }

  #noteGone(): void {
    this.#aloneSinceMs = this.#time.now().monotonicMs;
    this.#watch();
  }

  get #mayEndSoon(): boolean {
    return this.#custody.isForRuns && this.#hasHadClient && this.#known.size === 0 && !this.#values.hasUnwritten;
  }

  #isLeft(): boolean {
    const nowMs = this.#time.now().monotonicMs;
    // One that has not proved itself yet may be a run that begins.
    if (this.#channels.size > 0 || this.#values.isRefreshing) this.#aloneSinceMs = nowMs;
    const aloneMsMax = this.#values.hasUnwritten ? UNWRITTEN_MS_MAX : this.#hasHadClient ? ALONE_MS_MAX : FIRST_CLIENT_MS;
    return this.#custody.isForRuns && nowMs - this.#aloneSinceMs > aloneMsMax;
  }

  /**
   * Why clients are told of this end and of no other: a run takes every other one for a lock. That the key's time is over says nothing against a run that has begun within it: one that works for hours
   * has used the key once, at its start, and the idle limit would end every run after 15 minutes.
   */
  #expireOnce(): Promise<void> {
    return (this.#expiring ??= this.#expire());
  }

  async #expire(): Promise<void> {
    await this.#values.finish();
    this.#forget();
    await Promise.race([Promise.all([...this.#known].map((channel) => send(channel, { kind: "expired" }))), sleep(FAREWELL_MS)]);
    this.close();
  }

  async #accept(socket: Socket): Promise<void> {
    if (this.#channels.size - this.#known.size >= STRANGERS_MAX) {
      socket.destroy();
      return;
    }
    const channel = new Channel(socket, socket);
    this.#channels.add(channel);
    let seat: Seat | undefined;
    try {
      const greeted = await this.#greet(channel);
      if (greeted === undefined) return;
      this.#known.add(channel);
      this.#hasHadClient = true;
      seat = this.#desk.sit(greeted.connection);
      await this.#converse({ channel, seat }, greeted.key);
    } catch {
      // Malformed: such a client hears nothing more, and the agent goes on.
    } finally {
      seat?.close();
      channel.close();
      this.#channels.delete(channel);
      if (this.#known.delete(channel)) this.#noteGone();
    }
  }

  /** @returns the key that the client has been told of, or undefined for a stranger, who hears nothing but the challenge. */
  async #greet(channel: Channel): Promise<{ readonly key: HeldKey; readonly connection: Connection } | undefined> {
    const timer = setTimeout(() => { channel.close(); }, HANDSHAKE_MS);
    try {
      const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
      await channel.send(encodeChallenge(nonce));
      const hello = await channel.receive();
      const nonces = hello === undefined ? undefined : findClient(hello, this.#listener.token, nonce);
      if (nonces === undefined) return undefined;
      const { key } = this.#custody;
      channel.allowLongFrames();
      await channel.send(encodeWelcome(this.#listener.token, nonces, key));
      return { key, connection: { token: this.#listener.token, ...nonces } };
    } finally {
      clearTimeout(timer);
    }
  }

  async #converse(client: Client, keyAtFirst: HeldKey): Promise<void> {
    const { channel } = client;
    for (let key = keyAtFirst; ; ) {
      const request = await receiveRequest(channel);
      if (request === undefined) return;
      if (this.#custody.isExpired) {
        await this.#expireOnce();
        return;
      }
      if (request.op === "lock") {
        await this.#values.finish();
        this.#forget();
        await Promise.race([send(channel, { kind: "locked" }), sleep(FAREWELL_MS)]);
        this.close();
        return;
      }
      const answer = await this.#answer(request, key, client);
      await send(channel, answer.reply);
      ({ key } = answer);
    }
  }

  async #answer(request: KeyRequest, key: HeldKey, client: Client): Promise<Answer> {
    try {
      if (request.op !== "unlock") return { reply: await this.#work(request, key, client), key };
      const { vaultId } = this.#custody.key;
      const unlocked = await this.#custody.unlock(request.grant);
      if (!equalBytes(unlocked.vaultId, vaultId)) {
        this.#heads.clear();
        this.#values.clear();
        this.#desk.clear();
      }
      this.#watch();
      return { reply: { kind: "unlocked", identity: unlocked }, key: unlocked };
    } catch (error) {
      return { reply: { kind: "refused", code: refusalCodeOf(error) }, key };
    }
  }

  async #work(request: Exclude<KeyRequest, { readonly op: "unlock" }>, key: HeldKey, { seat }: Client): Promise<Reply> {
    if (isOfApprovals(request)) return seat.answer(request, (hash) => this.#custody.use(key, (holder) => holder.authenticate(hash)));
    switch (request.op) {
      case "status":
        return { kind: "status", status: this.#custody.status };
      case "unwrap":
        return { kind: "unwrapped", deks: await this.#custody.use(key, (holder) => holder.unwrapDeks(request.items)) };
      case "wrap":
        try {
          return { kind: "wrapped", items: await this.#custody.use(key, (holder) => holder.wrapDeks(request.items)) };
        } finally {
          wipe(...request.items.map(({ dek }) => dek));
        }
      case "authenticate":
        return { kind: "mac", mac: await this.#custody.use(key, (holder) => holder.authenticate(request.bodyHash)) };
      case "remember":
        this.#heads.note(request.heads);
        return { kind: "remembered" };
      case "recall":
        return { kind: "recalled", heads: this.#heads.find(request.parts) };
      case "value":
        return this.#values.find(request, key);
    }
  }
}

/** Undefined when the client has gone. @throws VaultError for anything that is no request. */
async function receiveRequest(channel: Channel): Promise<Request | undefined> {
  const frame = await channel.receive();
  try {
    return frame === undefined ? undefined : parseRequest(frame);
  } finally {
    wipe(frame?.keys);
  }
}

/** Wipes the reply's keys once they are on their way. */
async function send(channel: Channel, reply: Reply): Promise<void> {
  const sent = channel.send(encodeReply(reply));
  if (reply.kind === "unwrapped") wipe(...reply.deks);
  if (reply.kind === "value") reply.value.wipe();
  await sent;
}
