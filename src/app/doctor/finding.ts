// What the doctor finds: one judgement about one thing, and what to do about it.
import type { ErrorCode } from "../../errors.ts";
import { VaultError, systemErrorCode } from "../../errors.ts";

/** What a finding is about. Scripts rely on these words. */
export type Check = "node" | "permissions" | "file-system" | "locks" | "left-overs" | "store" | "vault" | "anchor" | "key" | "secrets" | "sources" | "audit" | "agent" | "trust" | "environment" | "program" | "requests" | "wall";

/** A note is worth knowing and breaks nothing; a problem has the code of the error that commands meet, or should meet, because of it. */
export type Finding =
  | { readonly level: "ok"; readonly check: Check; readonly message: string }
  | { readonly level: "note"; readonly check: Check; readonly message: string; readonly fix: string | undefined }
  | { readonly level: "problem"; readonly check: Check; readonly message: string; readonly fix: string; readonly code: ErrorCode };

export function ok(check: Check, message: string): Finding {
  return { level: "ok", check, message };
}

export function note(check: Check, message: string, fix?: string): Finding {
  return { level: "note", check, message, fix };
}

export function problem(check: Check, code: ErrorCode, message: string, fix: string): Finding {
  return { level: "problem", check, message, fix, code };
}

export function isProblem(finding: Finding): boolean {
  return finding.level === "problem";
}

/** A failure as a finding: its own hint, or `fix` where it has none. What is neither ours nor the system's is a bug and goes on up. */
export function problemOf(check: Check, error: unknown, fix: string): Finding {
  if (error instanceof VaultError) return problem(check, error.code, error.message, error.hint ?? fix);
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return problem(check, "io", `cannot look at everything there (${code})`, fix);
}

/** A path as a word of a command for a POSIX shell. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
