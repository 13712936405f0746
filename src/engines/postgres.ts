// A vault's place in PostgreSQL: rows of one table, which the first change makes.
import type { Credentials } from "./credentials.ts";
import type { Limits } from "./connection.ts";
import { LIMITS, limitOf } from "./connection.ts";
import type { Digest, Engine, Entry, Found, Replaced, Watch } from "./engine.ts";
import { digestOf } from "./engine.ts";
import type { PostgresLocator } from "./locator.ts";
import { strangeAnswer } from "./postgres-refusals.ts";
import type { Row } from "./postgres-session.ts";
import { PostgresSession, SqlState } from "./postgres-session.ts";
import { Reopened } from "./reopened.ts";
import { unavailable } from "./unavailable.ts";
import type { Subscription } from "./watching.ts";
import { keepAsking, keepWatching, Watches } from "./watching.ts";

/** Two at once would fail on the catalogue: the lock, whose number is nobody else's, has them wait for each other. In the collation "C" texts have the order of their bytes. */
const MAKE = `
SELECT pg_advisory_xact_lock(7205859208573);
CREATE TABLE IF NOT EXISTS vault_entries (place text COLLATE "C", name text COLLATE "C", digest text NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (place, name))`;
const CHANNEL = "vault_entries";
const READ = "SELECT CASE WHEN digest = $3 THEN NULL ELSE bytes END AS bytes FROM vault_entries WHERE place = $1 AND name = $2";
const MARK = "SELECT digest FROM vault_entries WHERE place = $1 AND name = $2";
/** A row of what was changed, and a word to who listens when it is durable. */
const tell = (change: string): string => `WITH changed AS (${change} RETURNING place, name) SELECT pg_notify('${CHANNEL}', place || '/' || name)::text AS told FROM changed`;
const CREATE = tell("INSERT INTO vault_entries (place, name, digest, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
// One that waits for another's change looks at the row again before it changes anything (READ COMMITTED).
const UPDATE = tell("UPDATE vault_entries SET digest = $3, bytes = $4 WHERE place = $1 AND name = $2 AND digest = $5");
const REMOVE = tell("DELETE FROM vault_entries WHERE place = $1 AND name = $2 AND digest = $3");
/** One entry at least, however large. */
const LIST = `
SELECT name, bytes FROM (
  SELECT name, bytes, row_number() OVER (ORDER BY name) AS number, sum(octet_length(bytes)) OVER (ORDER BY name) AS held
  FROM (SELECT name, bytes FROM vault_entries WHERE place = $1 AND name > $2 AND name >= $3 AND name < $4 ORDER BY name LIMIT $5::int) AS page
) AS counted WHERE number = 1 OR held <= $6::int ORDER BY name`;

const UNDEFINED_TABLE = "42P01";
const PAGE_ENTRIES_MAX = 1000;
const PAGE_BYTES_MAX = 8 * 1024 * 1024;
/** What was changed by hand, and what a pooler that hands sessions around keeps to itself, is told by nobody: it is looked for. */
const LOOK_MS = 1_000;

export class PostgresEngine implements Engine {
  readonly where: string;
  readonly #locator: PostgresLocator;
  readonly #credentials: Credentials;
  readonly #limits: Limits;
  readonly #watches = new Watches();
  readonly #line = new Reopened(() => this.#open());
  /** A session whose answer was lost: it may still be at work. */
  #orphan: string | undefined;

  constructor(locator: PostgresLocator, credentials: Credentials, limits: Limits = LIMITS) {
    [this.where, this.#locator, this.#credentials, this.#limits] = [locator.url, locator, credentials, limits];
  }

  async read(name: string, known?: Digest): Promise<Found> {
    const [row] = await this.#find(READ, name, known ?? "");
    if (row === undefined) return { kind: "none" };
    return row["bytes"] === null ? { kind: "same" } : { kind: "bytes", bytes: this.#bytesOf(row) };
  }

  async replace(name: string, bytes: Uint8Array | undefined, expected: Digest | undefined): Promise<Replaced> {
    const session = await this.#line.get();
    try {
      return await this.#change(session, name, bytes, expected);
    } catch (error) {
      if (!session.isLost) throw error;
      this.#orphan = session.id;
      return "unknown";
    }
  }

  async list(prefix: string, after: string, max: number): Promise<readonly Entry[]> {
    // No name has a byte above "z".
    const rows = await this.#find(LIST, after, prefix, `${prefix}~`, String(Math.min(max, PAGE_ENTRIES_MAX)), String(PAGE_BYTES_MAX));
    return rows.map((row) => ({ name: row["name"] ?? "", bytes: this.#bytesOf(row) }));
  }

  watch(name: string, onChange: () => void): Watch {
    return this.#watches.add(keepWatching((onLost) => this.#subscribe(name, onChange, onLost), onChange));
  }

  close(): Promise<void> {
    this.#watches.close();
    this.#line.close();
    return Promise.resolve();
  }

  async #change(session: PostgresSession, name: string, bytes: Uint8Array | undefined, expected: Digest | undefined): Promise<Replaced> {
    if (bytes === undefined && expected === undefined) return (await this.read(name)).kind === "none" ? "done" : "changed";
    const [sql, values] = bytes === undefined ? [REMOVE, [expected ?? ""]] : expected === undefined ? [CREATE, [digestOf(bytes), bytes]] : [UPDATE, [digestOf(bytes), bytes, expected]];
    const ask = (): Promise<readonly Row[]> => session.ask(sql, [this.#locator.name, name, ...values], limitOf(this.#limits, bytes), false, [UNDEFINED_TABLE]);
    try {
      return (await ask()).length > 0 ? "done" : "changed";
    } catch (error) {
      if (!(error instanceof SqlState)) throw error;
      if (expected !== undefined) return "changed";
      await session.ask(MAKE, [], this.#limits.callMs);
      return (await ask()).length > 0 ? "done" : "changed";
    }
  }

  /** Rows of this place; none where there is no table yet. */
  async #find(sql: string, ...values: readonly string[]): Promise<readonly Row[]> {
    try {
      return await this.#line.askAgain((session) => session.ask(sql, [this.#locator.name, ...values], this.#limits.callMs, false, [UNDEFINED_TABLE]));
    } catch (error) {
      return noTable(error);
    }
  }

  #bytesOf(row: Row): Uint8Array {
    const text = row["bytes"] ?? "";
    if (!/^\\x(?:[0-9a-f]{2})*$/.test(text)) throw unavailable(this.where, strangeAnswer);
    return Buffer.from(text.slice(2), "hex");
  }

  async #subscribe(name: string, onChange: () => void, onLost: () => void): Promise<Subscription> {
    const session = await PostgresSession.open(this.#locator, this.#credentials, this.#limits, true);
    try {
      await session.listen(CHANNEL, (payload) => { if (payload === `${this.#locator.name}/${name}`) onChange(); }, onLost, this.#limits.connectMs);
    } catch (error) {
      session.close();
      throw error;
    }
    let last: string | undefined;
    const look = async (): Promise<void> => {
      const [row] = await session.ask(MARK, [this.#locator.name, name], this.#limits.connectMs, true, [UNDEFINED_TABLE]).catch(noTable);
      const mark = row?.["digest"] ?? "";
      if (last !== undefined && mark !== last) onChange();
      last = mark;
    };
    const stopAsking = keepAsking(look, LOOK_MS, () => { session.close(); });
    return { close: () => { stopAsking(); session.close(); } };
  }

  async #open(): Promise<PostgresSession> {
    const session = await PostgresSession.open(this.#locator, this.#credentials, this.#limits);
    const orphan = this.#orphan;
    if (orphan !== undefined) {
      await this.#end(session, orphan);
      this.#orphan = undefined;
    }
    return session;
  }

  /** Until the other session is gone: what it did is done then, or will not be. Behind a pooler its number may be another's, so only one of our own kind is ended. A user who may not end it has the short time that is left. */
  async #end(session: PostgresSession, other: string): Promise<void> {
    const end = (call: string): string => `SELECT ${call} FROM pg_stat_activity WHERE pid = $1::int AND usename = current_user AND application_name = 'vault'`;
    const ms = this.#limits.connectMs;
    // From PostgreSQL 14 on it can be waited for.
    await session.ask(end(`pg_terminate_backend(pid, ${ms})`), [other], ms).catch(() => session.ask(end("pg_terminate_backend(pid)"), [other], ms)).catch(() => undefined);
  }
}

/** Without a table there are no rows. @throws what is not that. */
function noTable(error: unknown): readonly Row[] {
  if (error instanceof SqlState) return [];
  throw error;
}
