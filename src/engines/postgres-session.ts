// One session at PostgreSQL: connected over verified TLS, logged in, on a primary, and set to what a vault needs of it.
import { once } from "node:events";
import type { Socket } from "node:net";
import type pg from "pg";
import { systemErrorCode } from "../errors.ts";
import type { Credentials } from "./credentials.ts";
import type { Limits } from "./connection.ts";
import { openConnection, within } from "./connection.ts";
import { GuardedStream } from "./guarded-stream.ts";
import type { PostgresLocator } from "./locator.ts";
import { noPassword, noTls, notPrimary, refusalOf, strangeAnswer } from "./postgres-refusals.ts";
import { told, unavailable } from "./unavailable.ts";

/** "SSLRequest" of the protocol: its length, and a number in the place of a version. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);
/** Of one answer: a page of a list, in hexadecimal digits. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** In a row, what is no text is null: bytes come as text too, of hexadecimal digits. */
export type Row = Readonly<Record<string, string | null>>;

/** What is durable stays so where the server is set to answer sooner, and nothing waits longer at the server than here. */
const SETTINGS = `
SELECT pg_is_in_recovery()::text AS replica, pg_backend_pid()::text AS pid,
  set_config('statement_timeout', $1, false), set_config('lock_timeout', $1, false), set_config('bytea_output', 'hex', false), set_config('default_transaction_isolation', 'read committed', false),
  CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`;

export class PostgresSession {
  /** The server's number of it. */
  readonly id: string;
  readonly #client: pg.Client;
  readonly #stream: GuardedStream;
  readonly #where: string;
  #isLost = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(client: pg.Client, stream: GuardedStream, where: string, id: string) {
    [this.#client, this.#stream, this.#where, this.id] = [client, stream, where, id];
    stream.once("close", () => { this.#isLost = true; });
    this.#isLost = stream.destroyed;
  }

  /** @param isIdle nobody waits for it. @throws VaultError `store-unavailable` */
  static async open(locator: PostgresLocator, credentials: Credentials, limits: Limits, isIdle = false): Promise<PostgresSession> {
    const where = locator.url;
    const socket = await openConnection({ where, ...locator }, limits, isIdle, locator.isTls ? (plain) => askForTls(plain, where) : undefined);
    const stream = new GuardedStream(socket);
    stream.allow(ANSWER_BYTES_MAX);
    const password = credentials.kind === "password" ? credentials.password : undefined;
    const login: { isAsked: boolean } = { isAsked: false };
    const { default: driver } = await import("pg");
    // All that the driver would look up in the environment or in ~/.pgpass is said here.
    const client = new driver.Client({
      host: locator.host, port: locator.port, user: locator.user, database: locator.database, ssl: false, stream: () => stream, application_name: "vault", client_encoding: "UTF8", connectionTimeoutMillis: 0,
      password: () => {
        login.isAsked = true;
        return password === undefined ? "" : new TextDecoder().decode(password.reveal());
      },
      // Bytes and numbers as the server writes them.
      types: { getTypeParser: () => (text: string | Buffer) => text.toString() },
    });
    client.on("error", () => stream.destroy());
    try {
      await within(limits.connectMs, isIdle, where, client.connect());
      const { rows } = await within(limits.connectMs, isIdle, where, client.query<Row>(SETTINGS, [String(limits.callMs)]));
      const [row] = rows;
      if (row?.["replica"] !== "false" || typeof row["pid"] !== "string") throw unavailable(where, row?.["replica"] === "true" ? notPrimary : strangeAnswer);
      return new PostgresSession(client, stream, where, row["pid"]);
    } catch (error) {
      stream.destroy();
      throw login.isAsked && password === undefined ? unavailable(where, noPassword) : toldOf(where, error);
    }
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Calls `onNotice` with what other sessions tell on the channel. */
  async listen(channel: string, onNotice: (payload: string) => void, onLost: () => void, ms: number): Promise<void> {
    this.#client.on("notification", ({ payload }) => { onNotice(payload ?? ""); });
    this.#stream.once("close", onLost);
    await this.ask(`LISTEN ${channel}`, [], ms, true);
    if (this.#isLost) onLost();
  }

  /**
   * One statement. A session whose answer is late is closed.
   *
   * @throws VaultError `store-unavailable`; `SqlState` for a state in `expected`.
   */
  async ask(sql: string, values: readonly (string | Uint8Array)[], ms: number, isIdle = false, expected: readonly string[] = []): Promise<readonly Row[]> {
    if (this.#isLost) throw unavailable(this.#where, { cause: "the connection was cut" });
    this.#stream.allow(ANSWER_BYTES_MAX);
    try {
      // Without values, several statements may stand in one text.
      const { rows } = await within(ms, isIdle, this.#where, this.#inTurn(() => (values.length === 0 ? this.#client.query<Row>(sql) : this.#client.query<Row>(sql, [...values]))));
      return rows;
    } catch (error) {
      const state = systemErrorCode(error) ?? "";
      if (expected.includes(state)) throw new SqlState(state);
      // What the server refused left the session as it was; all else ends it.
      if (refusalOf(state) === undefined || /^(08|57P|58|XX)/.test(state)) this.close();
      throw toldOf(this.#where, error);
    }
  }

  /** One statement at a time: the driver's own queue warns of its end. */
  #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const asked = this.#turn.then(ask);
    this.#turn = asked.catch(() => undefined);
    return asked;
  }

  close(): void {
    this.#isLost = true;
    this.#stream.destroy();
  }
}

/** A refusal that the caller asked to be told of. */
export class SqlState extends Error {
  readonly state: string;

  constructor(state: string) {
    super(state);
    this.state = state;
  }
}

function toldOf(where: string, error: unknown): Error {
  const refusal = refusalOf(systemErrorCode(error) ?? "");
  if (refusal !== undefined) return unavailable(where, refusal);
  return error instanceof RangeError ? unavailable(where, strangeAnswer) : told(where, error);
}

/** One byte is the answer, and nothing may stand behind it: it would be taken for something that came over TLS. */
async function askForTls(socket: Socket, where: string): Promise<void> {
  socket.write(SSL_REQUEST);
  const [answer] = await once(socket, "data") as [Buffer];
  const said = answer.toString("latin1");
  if (said !== "S") throw unavailable(where, said === "N" ? noTls : strangeAnswer);
}
