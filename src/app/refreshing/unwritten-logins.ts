import type { Secret } from "../../secret.ts";

/** What an authorization server has given, and the vault does not have yet. */
export interface Unwritten {
  /** What was sealed when it was asked for. */
  readonly before: Secret;
  readonly next: Secret;
}

/** The newest of each login, in memory alone: with this process it is lost. */
export interface UnwrittenLogins {
  readonly size: number;
  ids(): readonly string[];
  find(id: string): Unwritten | undefined;
  /** Holds copies. */
  hold(id: string, rest: Unwritten): void;
  /** Wipes it. */
  forget(id: string): void;
}

export function openUnwrittenLogins(): UnwrittenLogins {
  const logins = new Map<string, Unwritten>();
  const forget = (id: string): void => {
    logins.get(id)?.before.wipe();
    logins.get(id)?.next.wipe();
    logins.delete(id);
  };
  return {
    get size() {
      return logins.size;
    },
    ids: () => [...logins.keys()],
    find: (id) => logins.get(id),
    hold(id, { before, next }) {
      // Before the old one is wiped: what is held may be held once more.
      const rest = { before: before.copy(), next: next.copy() };
      forget(id);
      logins.set(id, rest);
    },
    forget,
  };
}
