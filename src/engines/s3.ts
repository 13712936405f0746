// A vault's place in S3 or what is like it: one object an entry, written on the condition that the one before is the one that was read (If-Match), or that there is none (If-None-Match).
//
// An object that was removed stays as a gravestone of no bytes: to delete on a condition, few servers know, and one that overlooks the condition would delete another's change.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "./connection.ts";
import { LIMITS } from "./connection.ts";
import type { KeyCredentials } from "./credentials.ts";
import type { Digest, Engine, Entry, Found, Replaced, Watch } from "./engine.ts";
import { digestOf } from "./engine.ts";
import type { S3Locator } from "./locator.ts";
import type { Answer, Ask } from "./s3-client.ts";
import { LostAnswer, S3Client } from "./s3-client.ts";
import { keysOf } from "./s3-listing.ts";
import { contested, noObject, refusalOf, strangeAnswer, unconditional } from "./s3-refusals.ts";
import { unavailable } from "./unavailable.ts";
import { keepPolling, Watches } from "./watching.ts";

/** What an object is known by: the server's mark of it, and ours. */
interface Stand {
  readonly etag: string;
  /** Undefined for a gravestone. */
  readonly digest: Digest | undefined;
}

const DIGEST_HEADER = "x-amz-meta-digest";
const GONE = "none";
const TRIES = 6;
const PAGE_ENTRIES_MAX = 1000;
const PAGE_BYTES_MAX = 8 * 1024 * 1024;
const AT_ONCE = 8;
const POLL_MS = 700;

export class S3Engine implements Engine {
  readonly where: string;
  readonly #client: S3Client;
  readonly #key: string;
  readonly #watches = new Watches();
  /** Of entries that were read or written, so that not each change asks first. */
  readonly #stands = new Map<string, Stand>();

  constructor(locator: S3Locator, credentials: KeyCredentials, limits: Limits = LIMITS) {
    [this.where, this.#client, this.#key] = [locator.url, new S3Client(locator, credentials, limits), locator.key];
  }

  async read(name: string, known?: Digest): Promise<Found> {
    if (known !== undefined) {
      const stand = await this.#look(name);
      if (stand?.digest === undefined) return { kind: "none" };
      if (stand.digest === known) return { kind: "same" };
    }
    const object = await this.#get(name);
    if (object === undefined) return { kind: "none" };
    return digestOf(object) === known ? { kind: "same" } : { kind: "bytes", bytes: object };
  }

  async replace(name: string, bytes: Uint8Array | undefined, expected: Digest | undefined): Promise<Replaced> {
    // Entries whose names have no parts are few, and made once: with them it is found out whether the server keeps to conditions at all.
    if (expected === undefined && bytes !== undefined && !name.includes("/")) await this.#prove();
    for (let tries = 0; tries < TRIES; tries += 1) {
      const last = this.#stands.get(name);
      const stand = expected !== undefined && last?.digest === expected ? last : expected === undefined && bytes !== undefined && tries === 0 ? undefined : await this.#look(name);
      if (stand?.digest !== expected) return "changed";
      if (bytes === undefined && expected === undefined) return "done";
      const answer = await this.#put(name, bytes, stand);
      if (answer === "unknown" || answer === "done") return answer;
      // 409: another is at it, and either of us may win; 412 and 404: it was not as it was thought to be. Then it is looked at again.
      await sleep(Math.random() * 20 * tries);
    }
    throw unavailable(this.where, contested);
  }

  async list(prefix: string, after: string, max: number): Promise<readonly Entry[]> {
    let from = after;
    for (;;) {
      const answer = await this.#checked({ method: "GET", query: [["list-type", "2"], ["max-keys", String(Math.min(max, PAGE_ENTRIES_MAX))], ["prefix", `${this.#key}/${prefix}`], ...(from > "" ? [["start-after", `${this.#key}/${from}`] as const] : [])] });
      const page = keysOf(answer.body, `${this.#key}/`);
      if (page === undefined) throw unavailable(this.where, strangeAnswer);
      const names = page.filter(({ name }) => name > after && name.startsWith(prefix));
      const last = names.at(-1);
      if (last === undefined) return [];
      let held = 0;
      const few = names.filter(({ size }, at) => (held += size) <= PAGE_BYTES_MAX || at === 0);
      const entries = await this.#getAll(few.map(({ name }) => name));
      if (entries.length > 0) return entries;
      // Nothing but gravestones.
      from = few.at(-1)?.name ?? last.name;
    }
  }

  watch(name: string, onChange: () => void): Watch {
    const ask = async (): Promise<string> => (await this.#look(name, true))?.etag ?? "";
    return this.#watches.add(keepPolling(ask, POLL_MS, onChange));
  }

  close(): Promise<void> {
    this.#watches.close();
    this.#client.close();
    return Promise.resolve();
  }

  /** The object's marks; undefined where there is none. */
  async #look(name: string, isIdle = false): Promise<Stand | undefined> {
    const ask: Ask = { method: "HEAD", key: `${this.#key}/${name}`, isIdle };
    const answer = await this.#twice(ask);
    // An answer to HEAD has no body that would say why.
    if (answer.status !== 200) {
      await this.#get(name, isIdle);
      return this.#stands.get(name);
    }
    const [etag, mark] = [answer.header("etag"), answer.header(DIGEST_HEADER)];
    if (etag === undefined) throw unavailable(this.where, strangeAnswer);
    if (mark === GONE) return this.#noted(name, { etag, digest: undefined });
    if (mark !== undefined && /^[0-9a-f]{64}$/.test(mark)) return this.#noted(name, { etag, digest: mark as Digest });
    // Another program put it there, without our mark.
    await this.#get(name, isIdle);
    return this.#stands.get(name);
  }

  async #get(name: string, isIdle = false): Promise<Uint8Array | undefined> {
    const answer = await this.#checked({ method: "GET", key: `${this.#key}/${name}`, isIdle }, [404]);
    if (answer.status === 404) {
      // A bucket or a key of access that is not there is not a vault that is not there.
      const refusal = refusalOf(answer.status, answer.body);
      if (refusal !== noObject) throw unavailable(this.where, refusal);
      this.#noted(name, undefined);
      return undefined;
    }
    const etag = answer.header("etag");
    if (etag === undefined) throw unavailable(this.where, strangeAnswer);
    const isGone = answer.header(DIGEST_HEADER) === GONE && answer.body.length === 0;
    this.#noted(name, { etag, digest: isGone ? undefined : digestOf(answer.body) });
    return isGone ? undefined : answer.body;
  }

  async #getAll(names: readonly string[]): Promise<readonly Entry[]> {
    const found = new Map<string, Uint8Array>();
    const left = [...names];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) {
        const bytes = await this.#get(name);
        if (bytes !== undefined) found.set(name, bytes);
      }
    }));
    return names.flatMap((name) => {
      const bytes = found.get(name);
      return bytes === undefined ? [] : [{ name, bytes }];
    });
  }

  async #put(name: string, bytes: Uint8Array | undefined, stand: Stand | undefined): Promise<"done" | "unknown" | "refused"> {
    const body = bytes ?? new Uint8Array();
    const digest = bytes === undefined ? undefined : digestOf(bytes);
    this.#stands.delete(name);
    let answer: Answer;
    try {
      answer = await this.#client.ask({ method: "PUT", key: `${this.#key}/${name}`, body, headers: [[DIGEST_HEADER, digest ?? GONE], stand === undefined ? ["if-none-match", "*"] : ["if-match", stand.etag]] });
    } catch (error) {
      if (error instanceof LostAnswer) return "unknown";
      throw error;
    }
    if (answer.status === 200) {
      const etag = answer.header("etag");
      if (etag !== undefined) this.#noted(name, { etag, digest });
      return "done";
    }
    if (answer.status === 412 || answer.status === 409 || answer.status === 404 && stand !== undefined) return "refused";
    // What stumbles may have fallen after it wrote. Overload is told before anything is done.
    if (answer.status >= 500 && answer.status !== 503 && answer.status !== 507 && answer.status !== 501) return "unknown";
    throw unavailable(this.where, refusalOf(answer.status, answer.body));
  }

  /** A server that overlooks conditions would lose changes without a word. @throws VaultError `store-unavailable` for such a one. */
  async #prove(): Promise<void> {
    const key = `${this.#key}/probe-${randomBytes(8).toString("hex")}`;
    await this.#checked({ method: "PUT", key, body: Uint8Array.of(1) });
    const answers = [
      await this.#checked({ method: "PUT", key, body: Uint8Array.of(2), headers: [["if-none-match", "*"]] }, [412, 409]),
      await this.#checked({ method: "PUT", key, body: Uint8Array.of(3), headers: [["if-match", '"00000000000000000000000000000000"']] }, [412, 409]),
    ];
    await this.#client.ask({ method: "DELETE", key });
    if (answers.some(({ status }) => status === 200)) throw unavailable(this.where, unconditional);
  }

  /** What may be asked twice is, when the first answer was cut off. */
  async #twice(ask: Ask): Promise<Answer> {
    try {
      return await this.#client.ask(ask);
    } catch (error) {
      if (!(error instanceof LostAnswer) || error.isLate) throw error;
      return await this.#client.ask(ask);
    }
  }

  async #checked(ask: Ask, further: readonly number[] = []): Promise<Answer> {
    const answer = await this.#twice(ask);
    if (answer.status !== 200 && !further.includes(answer.status)) throw unavailable(this.where, refusalOf(answer.status, answer.body));
    return answer;
  }

  /** A page of a log is read once, and not to be remembered for ever. */
  #noted(name: string, stand: Stand | undefined): Stand | undefined {
    this.#stands.delete(name);
    if (stand !== undefined) this.#stands.set(name, stand);
    const [oldest] = this.#stands.keys();
    if (this.#stands.size > PAGE_ENTRIES_MAX && oldest !== undefined) this.#stands.delete(oldest);
    return stand;
  }
}
