// The agent as a KeyHolder, for the processes that it unwraps keys for.
import { wipe } from "../../bytes.ts";
import { VaultError } from "../../errors.ts";
import type { Dek } from "../../vault/key-bytes.ts";
import type { KeyHolder, WrappedDek } from "../../vault/key-holder.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { Announcement, Connection } from "../approvals/person-proof.ts";
import { announcePerson } from "../approvals/person-proof.ts";
import type { KeyGrant } from "../messages/grant.ts";
import type { PartHead } from "../messages/part-head.ts";
import { HEADS_MAX } from "../messages/part-head.ts";
import type { AgentStatus, Reply } from "../messages/reply.ts";
import { parseReply, refusalError } from "../messages/reply.ts";
import type { Request, UnwrapItem, WrapItem } from "../messages/request.ts";
import { BATCH_ITEMS_MAX, encodeRequest } from "../messages/request.ts";
import type { ValueAnswer } from "../sources/value-store.ts";
import type { Channel } from "../wire/channel.ts";
import { isListening } from "../wire/dial.ts";
import type { KeyIdentity } from "../wire/key-identity.ts";
import type { AgentPaths } from "../wire/paths.ts";
import { splitBatch } from "./batch.ts";

const REPLY_MS = 20_000;
/** Longer than any source may take for a value. */
const VALUE_REPLY_MS = 700_000;
/** Wrong keys are answered one after the other, up to 8 seconds each. */
const UNLOCK_REPLY_MS = 60_000;
/** Keeps a frame of base64 well below what the agent takes. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

/** What the handshake has shown: which key the agent has, and what names this connection alone. */
export interface Greeted {
  readonly identity: KeyIdentity;
  readonly connection: Connection;
}

/** A connection that is kept for the sake of its end. */
export interface AgentTie {
  /** `expired` when the agent has ended because its time was over, `gone` for any other end: it was locked or killed, or this side has closed the tie. */
  readonly ended: Promise<"expired" | "gone">;
  close(): void;
}

/** One connection to the agent. Requests are sent one at a time. Every method but `lock` rejects with VaultError `locked` once the agent has ended or holds another key. */
export class AgentClient implements KeyHolder {
  readonly #paths: AgentPaths;
  readonly #channel: Channel;
  #identity: KeyIdentity;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #isTied = false;
  readonly #connection: Connection;
  #announcement: Announcement | undefined;

  constructor(paths: AgentPaths, channel: Channel, { identity, connection }: Greeted) {
    this.#paths = paths;
    this.#channel = channel;
    this.#identity = identity;
    this.#connection = connection;
    channel.allowLongFrames();
  }

  get vaultId(): Uint8Array {
    return this.#identity.vaultId;
  }

  get keyId(): Uint8Array {
    return this.#identity.keyId;
  }

  get commitment(): Uint8Array {
    return this.#identity.commitment;
  }

  async unwrapDeks(items: readonly UnwrapItem[]): Promise<Dek[]> {
    const deks: Dek[] = [];
    try {
      for (const part of splitBatch(items, ({ aad }) => aad.length, BATCH_ITEMS_MAX, BATCH_BYTES_MAX)) {
        const reply = await this.ask({ op: "unwrap", items: part });
        if (reply.kind !== "unwrapped" || reply.deks.length !== part.length) throw this.#hangUp();
        deks.push(...reply.deks);
      }
      return deks;
    } catch (error) {
      wipe(...deks);
      throw error;
    }
  }

  async wrapDeks(items: readonly WrapItem[]): Promise<WrappedDek[]> {
    const wrapped: WrappedDek[] = [];
    for (const part of splitBatch(items, ({ aad }) => aad.length, BATCH_ITEMS_MAX, BATCH_BYTES_MAX)) {
      const reply = await this.ask({ op: "wrap", items: part });
      if (reply.kind !== "wrapped" || reply.items.length !== part.length) throw this.#hangUp();
      wrapped.push(...reply.items);
    }
    return wrapped;
  }

  async authenticate(bodyHash: Uint8Array): Promise<Uint8Array> {
    const reply = await this.ask({ op: "authenticate", bodyHash });
    if (reply.kind !== "mac") throw this.#hangUp();
    return reply.mac;
  }

  async status(): Promise<AgentStatus> {
    const reply = await this.ask({ op: "status" });
    if (reply.kind !== "status") throw this.#hangUp();
    return reply.status;
  }

  /** Has the agent note how far the audit log has come; at most `HEADS_MAX` at a time. */
  async remember(heads: readonly PartHead[]): Promise<void> {
    const reply = await this.ask({ op: "remember", heads });
    if (reply.kind !== "remembered") throw this.#hangUp();
  }

  /** How far these parts of the audit log had come, as far as the agent was told. */
  async recall(parts: readonly string[]): Promise<PartHead[]> {
    const heads: PartHead[] = [];
    for (let at = 0; at < parts.length; at += HEADS_MAX) {
      const reply = await this.ask({ op: "recall", parts: parts.slice(at, at + HEADS_MAX) });
      if (reply.kind !== "recalled") throw this.#hangUp();
      heads.push(...reply.heads);
    }
    return heads;
  }

  /**
   * The value of a secret that is made, as it is now; the caller wipes it. On a connection of its own: it may be long in coming.
   *
   * @param refused `tagOf` the value that a host has just refused.
   * @throws VaultError `bad-wrap` and what else opening says, for a record that is none of the vault's.
   */
  async askValue(record: SecretRecord, refused?: string): Promise<ValueAnswer> {
    const reply = await this.ask({ op: "value", record, refused }, VALUE_REPLY_MS);
    if (reply.kind !== "value" && reply.kind !== "no-value") throw this.#hangUp();
    return reply;
  }

  /**
   * Gives the agent another key, or the same with new limits. The KEK stays the caller's to wipe.
   *
   * @throws VaultError `wrong-key`, more slowly each time, or `bad-key-slot` when the KEK is not the key that the grant speaks of; the agent then keeps the key that it had.
   */
  async unlock(grant: KeyGrant): Promise<void> {
    const reply = await this.ask({ op: "unlock", grant }, UNLOCK_REPLY_MS);
    if (reply.kind !== "unlocked") throw this.#hangUp();
    this.#identity = reply.identity;
  }

  /**
   * Ends the agent. When this returns, the key is wiped and the socket gone.
   *
   * @throws VaultError `busy` when the agent does not answer and still listens.
   */
  async lock(): Promise<void> {
    try {
      const reply = await this.ask({ op: "lock" });
      if (reply.kind !== "locked") throw this.#hangUp();
    } catch (error) {
      // One that ended by itself meanwhile has forgotten the key as well.
      if (!(error instanceof VaultError) || error.code !== "locked") throw error;
      if (await isListening(this.#paths.socket)) throw noAnswer(this.#paths);
    } finally {
      this.close();
    }
  }

  /** Hands the connection over to whoever is to know of its end. Nothing can be asked from here on, and `close` does nothing. */
  tie(): AgentTie {
    this.#isTied = true;
    return { ended: this.#lastTurn.then(() => this.#hearEnd()), close: () => { this.#channel.close(); } };
  }

  /** Lets the agent see that this process is at the end of this connection: for what it says to persons alone. @throws VaultError `io`. */
  announce(): void {
    this.#announcement ??= announcePerson(this.#connection);
  }

  close(): void {
    this.#announcement?.close();
    if (!this.#isTied) this.#channel.close();
  }

  async #hearEnd(): Promise<"expired" | "gone"> {
    const frame = await this.#channel.receive();
    try {
      return frame !== undefined && parseReply(frame).kind === "expired" ? "expired" : "gone";
    } catch {
      return "gone";
    } finally {
      this.#channel.close();
    }
  }

  /** One request and its reply, which need not be of the kind that goes with it. @throws VaultError `locked`, and what the agent refuses with. */
  async ask(request: Request, replyMs: number = REPLY_MS): Promise<Reply> {
    const turn = this.#lastTurn.then(() => this.#exchange(request, replyMs));
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async #exchange(request: Request, replyMs: number): Promise<Reply> {
    // Not awaited: an agent that reads nothing must not keep this from timing out.
    void this.#channel.send(encodeRequest(request));
    const frame = await this.#channel.receive(replyMs);
    if (frame === undefined) throw this.#hangUp();
    try {
      const reply = parseReply(frame);
      if (reply.kind === "refused") throw refusalError(reply.code);
      return reply;
    } catch (error) {
      // A malformed reply would put all that follow out of step.
      throw error instanceof VaultError && error.code !== "bad-schema" && error.code !== "out-of-bounds" ? error : this.#hangUp();
    } finally {
      wipe(frame.keys);
    }
  }

  #hangUp(): VaultError {
    this.#channel.close();
    return refusalError("locked");
  }
}

/** Something listens at the socket, and is no agent, or one that hangs. */
export function noAnswer({ socket }: AgentPaths): VaultError {
  return new VaultError("busy", `what listens at "${socket}" does not answer as the agent does`, "try again; if that lasts, remove that file, and the agent ends by itself");
}
