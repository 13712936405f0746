// What PostgreSQL says when it refuses, by its SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html. Its texts are never shown.
import type { Cause } from "./unavailable.ts";

const REFUSALS: Readonly<Record<string, Cause>> = {
  "28P01": { cause: "it refuses the user or the password", hint: "look at the user in the store's address, and set VAULT_STORE_PASSWORD" },
  "28000": { cause: "it lets this user not in from here", hint: "look at the server's pg_hba.conf" },
  "3D000": { cause: "it has no database of this name", hint: "make it with createdb, or look at the store's address" },
  "42501": { cause: "the user may not do this", hint: "let the user create a table in the database, or have its owner create vault_entries and grant SELECT, INSERT, UPDATE and DELETE on it" },
  "3F000": { cause: "the user has no schema to create a table in", hint: "let the user create a table in the database" },
  "25006": { cause: "it takes no changes: it is a replica, or set to be read only", hint: "write the primary's host into the store's address" },
  "53000": { cause: "it has no room left" },
  "53100": { cause: "its disk is full" },
  "53200": { cause: "its memory is full" },
  "53300": { cause: "too many clients are connected to it" },
  "54000": { cause: "it is asked for more than it can" },
  "55P03": { cause: "another holds the vault's entry for too long" },
  "57014": { cause: "it took too long and gave up" },
  "57P01": { cause: "it is shutting down" },
  "57P02": { cause: "it has crashed and starts again", hint: "try again in a moment" },
  "57P03": { cause: "it is starting or shutting down", hint: "try again in a moment" },
  "58030": { cause: "it cannot read or write its disk" },
  "58P01": { cause: "it misses a file of its own" },
  XX001: { cause: "its data is damaged" },
  XX002: { cause: "its data is damaged" },
  "42703": { cause: "its table vault_entries is not ours" },
  "42804": { cause: "its table vault_entries is not ours" },
  "42883": { cause: "its table vault_entries is not ours, or the server is too old" },
};

export const strangeAnswer: Cause = { cause: "what answers there is no PostgreSQL, or one that says what none says" };
export const notPrimary: Cause = REFUSALS["25006"] ?? strangeAnswer;
export const noTls: Cause = { cause: "it does not speak TLS", hint: "set ssl = on at the server; for one on this machine, ?tls=off in the store's address leaves TLS out" };
export const noPassword: Cause = { cause: "it wants a password", hint: "set VAULT_STORE_PASSWORD" };

/** @param state five letters and digits; another text is no SQLSTATE, and undefined is returned. */
export function refusalOf(state: string): Cause | undefined {
  if (!/^[0-9A-Z]{5}$/.test(state)) return undefined;
  return REFUSALS[state] ?? REFUSALS[`${state.slice(0, 2)}000`] ?? { cause: `it refused with the SQLSTATE ${state}` };
}
