// A vault's place in Redis or Valkey: a hash of bytes, a hash of digests and a sorted set of names, whose keys have one hash tag, so that a cluster keeps them together. What changes them is one script.
//
// Redis answers before another server has a write, and before its own disk has it unless `appendfsync` is `always`: what a failover or a crash loses, the machine that wrote it tells as a rollback.
import type { Credentials } from "./credentials.ts";
import type { Limits } from "./connection.ts";
import { LIMITS, limitOf, openConnection, within } from "./connection.ts";
import type { Digest, Engine, Entry, Found, Replaced, Watch } from "./engine.ts";
import { digestOf } from "./engine.ts";
import type { RedisLocator } from "./locator.ts";
import { notPrimary, refusalOf, strangeAnswer } from "./redis-refusals.ts";
import { Reopened } from "./reopened.ts";
import type { Reply } from "./resp.ts";
import { RefusedReply, RespConnection } from "./resp.ts";
import { told, unavailable } from "./unavailable.ts";
import type { Subscription } from "./watching.ts";
import { keepAsking, keepWatching, Watches } from "./watching.ts";

/** KEYS: bytes, digests, names. */
const READ = `
local digest = redis.call('HGET', KEYS[2], ARGV[1])
if not digest then return 0 end
if digest == ARGV[2] then return 1 end
return redis.call('HGET', KEYS[1], ARGV[1])`;

/** ARGV: name, digest expected ('' for none), new digest ('' removes), bytes, channel. It tells first: what is told for nothing does no harm, and a user who may not tell may not write either. */
const REPLACE = `
if (redis.call('HGET', KEYS[2], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('PUBLISH', ARGV[5], ARGV[1])
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
  redis.call('ZADD', KEYS[3], 0, ARGV[1])
end
return 1`;

/** ARGV: from, to, how many, how many bytes. One entry at least, however large. */
const LIST = `
local found, held = {}, 0
for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[3], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
  local bytes = redis.call('HGET', KEYS[1], name)
  held = held + #bytes
  if #found > 0 and held > tonumber(ARGV[4]) then break end
  found[#found + 1] = name
  found[#found + 1] = bytes
end
return found`;

const PAGE_ENTRIES_MAX = 1000;
const PAGE_BYTES_MAX = 8 * 1024 * 1024;
const PING_MS = 5_000;

/** A connection that is logged in. */
interface Login {
  readonly connection: RespConnection;
  /** The server's number of it. */
  readonly id: number;
  readonly isLost: boolean;
  close(): void;
}

export class RedisEngine implements Engine {
  readonly where: string;
  readonly #locator: RedisLocator;
  readonly #credentials: Credentials;
  readonly #limits: Limits;
  readonly #keys: readonly string[];
  readonly #channel: string;
  readonly #watches = new Watches();
  readonly #line = new Reopened(() => this.#logIn(false, () => undefined, () => undefined));
  /** A connection whose answer was lost: what it was sent may still wait at the server. */
  #orphan: number | undefined;

  constructor(locator: RedisLocator, credentials: Credentials, limits: Limits = LIMITS) {
    [this.where, this.#locator, this.#credentials, this.#limits] = [locator.url, locator, credentials, limits];
    const tagged = (what: string): string => `{vault:${locator.name}}:${what}`;
    this.#keys = [tagged("bytes"), tagged("digests"), tagged("names")];
    this.#channel = tagged("changes");
  }

  async read(name: string, known?: Digest): Promise<Found> {
    const reply = await this.#askTwice(READ, name, known ?? "");
    if (reply === 0) return { kind: "none" };
    if (reply === 1) return { kind: "same" };
    if (!Buffer.isBuffer(reply)) throw unavailable(this.where, strangeAnswer);
    return { kind: "bytes", bytes: reply };
  }

  async replace(name: string, bytes: Uint8Array | undefined, expected: Digest | undefined): Promise<Replaced> {
    const login = await this.#line.get();
    let reply: Reply;
    try {
      reply = await this.#ask(login, limitOf(this.#limits, bytes), REPLACE, name, expected ?? "", bytes === undefined ? "" : digestOf(bytes), bytes ?? "", this.#channel);
    } catch (error) {
      if (!login.isLost) throw error;
      this.#orphan = login.id;
      return "unknown";
    }
    if (reply !== 0 && reply !== 1) throw unavailable(this.where, strangeAnswer);
    return reply === 1 ? "done" : "changed";
  }

  async list(prefix: string, after: string, max: number): Promise<readonly Entry[]> {
    const from = after >= prefix ? `(${after}` : `[${prefix}`;
    // No name has a byte above "z".
    const reply = await this.#askTwice(LIST, from, `(${prefix}~`, String(Math.min(max, PAGE_ENTRIES_MAX)), String(PAGE_BYTES_MAX));
    if (!Array.isArray(reply)) throw unavailable(this.where, strangeAnswer);
    const words: readonly Reply[] = reply;
    return words.flatMap((word, at) => {
      const bytes = words[at + 1];
      if (at % 2 === 1) return [];
      if (!Buffer.isBuffer(word) || !Buffer.isBuffer(bytes)) throw unavailable(this.where, strangeAnswer);
      return [{ name: word.toString("latin1"), bytes }];
    });
  }

  watch(name: string, onChange: () => void): Watch {
    return this.#watches.add(keepWatching((onLost) => this.#subscribe(name, onChange, onLost), onChange));
  }

  close(): Promise<void> {
    this.#watches.close();
    this.#line.close();
    return Promise.resolve();
  }

  async #subscribe(name: string, onChange: () => void, onLost: () => void): Promise<Subscription> {
    const { connection } = await this.#logIn(true, (message) => { if (textOf(message[2]) === name) onChange(); }, onLost);
    await this.#checked(connection, true, "SUBSCRIBE", this.#channel);
    const stopAsking = keepAsking(() => connection.ask("PING"), PING_MS, () => { connection.close(); });
    return { close: () => { stopAsking(); connection.close(); } };
  }

  /** For what may be asked twice. */
  #askTwice(script: string, ...words: readonly (string | Uint8Array)[]): Promise<Reply> {
    return this.#line.askAgain((login) => this.#ask(login, this.#limits.callMs, script, ...words));
  }

  async #ask({ connection }: Login, ms: number, script: string, ...words: readonly (string | Uint8Array)[]): Promise<Reply> {
    const reply = await this.#answer(connection, ms, false, "EVAL", script, String(this.#keys.length), ...this.#keys, ...words);
    if (reply instanceof RefusedReply) throw unavailable(this.where, refusalOf(reply));
    return reply;
  }

  async #logIn(isIdle: boolean, onMessage: (message: readonly Reply[]) => void, onLost: () => void): Promise<Login> {
    const { user, database } = this.#locator;
    const connection = new RespConnection(await openConnection({ where: this.where, ...this.#locator }, this.#limits, isIdle), onMessage, onLost);
    const password = this.#credentials.kind === "password" ? this.#credentials.password : undefined;
    const hello = await this.#checked(connection, isIdle, "HELLO", "2", ...(password === undefined ? [] : ["AUTH", user ?? "default", password.reveal()]), "SETNAME", "vault");
    const facts = factsOf(hello);
    if (facts === undefined || facts.role !== "master") {
      connection.close();
      throw unavailable(this.where, facts === undefined ? strangeAnswer : notPrimary);
    }
    if (database !== 0) await this.#checked(connection, isIdle, "SELECT", String(database));
    const orphan = this.#orphan;
    if (orphan !== undefined && !isIdle) {
      // What it was sent is done by now, or will not be. A user without this right has the short time that is left between the two.
      await this.#answer(connection, this.#limits.connectMs, isIdle, "CLIENT", "KILL", "ID", String(orphan));
      this.#orphan = undefined;
    }
    return { connection, id: facts.id, get isLost() { return connection.isLost; }, close: () => { connection.close(); } };
  }

  /** The answer that is no refusal; the connection is closed where there is none. */
  async #checked(connection: RespConnection, isIdle: boolean, ...words: readonly (string | Uint8Array)[]): Promise<Reply> {
    const reply = await this.#answer(connection, this.#limits.connectMs, isIdle, ...words);
    if (!(reply instanceof RefusedReply)) return reply;
    connection.close();
    throw unavailable(this.where, refusalOf(reply));
  }

  async #answer(connection: RespConnection, ms: number, isIdle: boolean, ...words: readonly (string | Uint8Array)[]): Promise<Reply> {
    try {
      return await within(ms, isIdle, this.where, connection.ask(...words));
    } catch (error) {
      connection.close();
      throw error instanceof RangeError ? unavailable(this.where, strangeAnswer) : told(this.where, error);
    }
  }
}

/** What HELLO says, a list of names and values. Redis calls a primary "master". */
function factsOf(reply: Reply): { readonly id: number; readonly role: string } | undefined {
  if (!Array.isArray(reply)) return undefined;
  const words: readonly Reply[] = reply;
  const valueOf = (name: string): Reply | undefined => words.find((_, at) => at % 2 === 1 && textOf(words[at - 1]) === name);
  const [id, role] = [valueOf("id"), valueOf("role")];
  const roleText = textOf(role);
  return typeof id === "number" && roleText !== undefined ? { id, role: roleText } : undefined;
}

function textOf(reply: Reply | undefined): string | undefined {
  return Buffer.isBuffer(reply) ? reply.toString("latin1") : undefined;
}
