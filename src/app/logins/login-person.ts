// What a login asks of the person, and of the machine that he sits at. The command line provides it.
import type { Secret } from "../../secret.ts";

export interface RedirectWish {
  /** An answer without it is none. */
  readonly state: string;
  readonly host: "127.0.0.1" | "localhost";
  /** Any where it is left open. */
  readonly port: number | undefined;
}

export type LoginOutcome = { readonly kind: "done"; readonly at: string } | { readonly kind: "failed"; readonly reason: string };

/** What the provider has sent the browser back with. */
export interface Arrival {
  readonly parameters: URLSearchParams;
  /** Shows in that browser what became of it. Resolves when it was shown, or nobody looks any more. */
  readonly tell: (outcome: LoginOutcome) => Promise<void>;
}

/** A port of this machine that waits for one answer. Whoever opened it closes it. */
export interface Redirect {
  readonly uri: string;
  /** An address of this machine that leads there, once. Unlike the other, it may stand in an argument list. */
  readonly lead: (authorizationUrl: string) => string;
  /** Rejects with a VaultError `no-value` when the time is over, or something is odd. */
  readonly arrival: Promise<Arrival>;
  close(): void;
}

export interface LoginPerson {
  /** Whether this machine seems to have a browser that can be opened. */
  readonly hasBrowser: boolean;
  readonly openRedirect: (wish: RedirectWish) => Promise<Redirect>;
  /** Opens an address in the browser. @returns false where that did not work. */
  readonly openPage: (address: string) => Promise<boolean>;
  /** A line for the person, now. */
  readonly tell: (line: string) => void;
  /** The secret of the client that was named. @param isNeeded otherwise nobody is asked, and what was given counts. @throws VaultError `usage` where it is needed, and nobody is there to ask. */
  readonly findClientSecret: (isNeeded: boolean) => Promise<Secret | undefined>;
}
