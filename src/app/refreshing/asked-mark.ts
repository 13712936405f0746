// Notes that an authorization server is being asked with a refresh token, before it is. Where that token is dead the next time, the note tells a login that was lost in a crash from one that was revoked.
import { hash } from "node:crypto";
import type { Failure } from "../../agent/sources/source-maker.ts";
import { SourceFailure } from "../../agent/sources/source-maker.ts";
import { utf8 } from "../../bytes.ts";
import { readPrivateFile, removeFile, replaceFile } from "../../disk/durable-file.ts";
import type { Engine } from "../../engines/engine.ts";
import { replaceSettled } from "../../engines/settled-replace.ts";
import { VaultError } from "../../errors.ts";
import type { SecretRecord } from "../../vault/record.ts";
import type { LoginPaths } from "../keys/login-lock.ts";
import { askedEntry, loginFile } from "../keys/login-lock.ts";

const MARK_BYTES_MAX = 256;
/** After these, the server has not taken the token, or has said what it thinks of it. After any other nobody knows. */
const ANSWERED: readonly Failure["reason"][] = ["denied", "unreachable", "bad-order", "over"];

export interface AskedMark {
  /** What a failure means, in the light of what was noted before. */
  judge(error: unknown): Promise<unknown>;
  /** The server has answered, and the same refresh token goes on. */
  clear(): Promise<void>;
}

/** Durable when this returns. The caller has the login to itself. @throws VaultError `io`, `unsafe-file`, `busy`, `store-unavailable`. */
export async function markAsked(paths: LoginPaths, { id, value }: Pick<SecretRecord, "id" | "value">): Promise<AskedMark> {
  const place = paths.engine === undefined ? placeInFile(loginFile(paths.loginsFolder, id, "asked")) : placeInStore(await paths.engine(), askedEntry(id));
  const mark = utf8(`${hash("sha256", `${value.nonce} ${value.ciphertext}`, "base64")}\n`);
  const earlier = await place.read();
  const wasAsked = earlier !== undefined && Buffer.from(mark).equals(earlier);
  if (!wasAsked) await place.replace(mark, earlier);
  return {
    async judge(error) {
      if (!(error instanceof SourceFailure) || !ANSWERED.includes(error.failure.reason)) return error;
      if (!wasAsked) await place.remove(mark);
      else if (error.failure.reason === "over") return new SourceFailure({ ...error.failure, reason: "lost" });
      return error;
    },
    clear: () => place.remove(mark),
  };
}

interface Place {
  read(): Promise<Uint8Array | undefined>;
  replace(mark: Uint8Array, earlier: Uint8Array | undefined): Promise<void>;
  remove(mark: Uint8Array): Promise<void>;
}

function placeInFile(path: string): Place {
  return {
    read: () => Promise.resolve(readPrivateFile(path, MARK_BYTES_MAX)),
    replace(mark) {
      replaceFile(path, mark);
      return Promise.resolve();
    },
    remove() {
      removeFile(path);
      return Promise.resolve();
    },
  };
}

/** Where other machines see it: the next to ask may be one of them. */
function placeInStore(engine: Engine, name: string): Place {
  return {
    async read() {
      const found = await engine.read(name);
      return found.kind === "bytes" ? found.bytes : undefined;
    },
    async replace(mark, earlier) {
      if ((await replaceSettled(engine, name, mark, earlier)) === "changed") throw new VaultError("busy", "another machine works with this login as well", "try again");
    },
    async remove(mark) {
      try {
        await replaceSettled(engine, name, undefined, mark);
      } catch (error) {
        // One that stays behind says "lost" of a login that ends later, where "over" would be right; the token that the server has given is good all the same.
        if (!(error instanceof VaultError)) throw error;
      }
    },
  };
}
