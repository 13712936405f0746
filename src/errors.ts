// Every failure that a user can meet is a VaultError. `cli/exit-status.ts` maps its code to an exit status.

/** Codes of the vault file, in the order in which FORMAT.md has a reader check. */
export type FormatErrorCode =
  | "too-large"
  | "bad-json"
  | "too-deep"
  | "newer-version"
  | "bad-schema"
  | "out-of-bounds"
  | "not-canonical"
  | "bad-checksum"
  | "wrong-key"
  | "bad-key-slot"
  | "bad-mac"
  | "bad-wrap"
  | "bad-commitment"
  | "bad-seal"
  | "rolled-back";

export type ErrorCode =
  | FormatErrorCode
  | "usage"
  | "no-vault"
  | "inside-run"
  | "locked"
  | "not-found"
  | "already-exists"
  | "key-unavailable"
  | "busy"
  | "unsafe-file"
  | "audit-unwritable"
  | "audit-broken"
  | "no-value"
  | "store-unavailable"
  | "not-accepted"
  | "io";

/**
 * A failure with a stable code and, where there is one, what to type next.
 * The message starts lower-case, quotes names and has no full stop.
 * It never carries a `cause`: the command framework prints whole chains, and a cause met while plaintext was at hand may quote it.
 */
export class VaultError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, hint?: string) {
    super(message);
    this.name = "VaultError";
    this.code = code;
    this.hint = hint;
  }
}

/** Of a port or address that a person has named, and that cannot be listened on: `busy` where another program has it, `usage` where this user or machine cannot have it. */
export function listenErrorCode(error: unknown): "busy" | "usage" | "io" {
  const code = systemErrorCode(error) ?? "";
  if (code === "EADDRINUSE") return "busy";
  return ["EACCES", "EPERM", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL", "ENOTFOUND", "EAI_AGAIN"].includes(code) ? "usage" : "io";
}

/** Node's `code` of a system error (`ENOENT`), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return undefined;
}
