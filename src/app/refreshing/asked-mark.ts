// Notes that an authorization server is being asked with a refresh token, before it is. Where that token is dead the next time, the note tells a login that was lost in a crash from one that was revoked.
import { hash } from "node:crypto";
import type { Failure } from "../../agent/sources/source-maker.ts";
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import { utf8 } from "../../bytes.ts";
import { readPrivateFile, removeFile, replaceFile } from "../../disk/durable-file.ts";
import type { SecretRecord } from "../../vault/record.ts";
import { loginFile } from "../keys/login-lock.ts";

const MARK_BYTES_MAX = 256;
/** After these, the server has not taken the token, or has said what it thinks of it. After any other nobody knows. */
const ANSWERED: readonly Failure["reason"][] = ["denied", "unreachable", "bad-order", "over"];

export interface AskedMark {
  /** What a failure means, in the light of what was noted before. */
  judge(error: unknown): unknown;
  /** The server has answered, and the same refresh token goes on. */
  clear(): void;
}

/** Durable when this returns. @throws VaultError `io`, `unsafe-file`. */
export function markAsked(folder: string, { id, value }: Pick<SecretRecord, "id" | "value">): AskedMark {
  const path = loginFile(folder, id, "asked");
  const mark = `${hash("sha256", `${value.nonce} ${value.ciphertext}`, "base64")}\n`;
  const earlier = readPrivateFile(path, MARK_BYTES_MAX);
  const wasAsked = earlier !== undefined && Buffer.from(earlier).toString("latin1") === mark;
  if (!wasAsked) replaceFile(path, utf8(mark));
  return {
    judge(error) {
      if (!(error instanceof SourceFailure) || !ANSWERED.includes(error.failure.reason)) return error;
      if (!wasAsked) removeFile(path);
      else if (error.failure.reason === "over") return new SourceFailure({ ...error.failure, reason: "lost" });
      return error;
    },
    clear() {
      removeFile(path);
    },
  };
}
