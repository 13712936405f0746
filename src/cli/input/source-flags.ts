// Secrets whose value is not stored, as they are typed.
import { Flags } from "@oclif/core";
import type { AskedMint } from "../../app/sources/minted-source.ts";
import type { AskedSource } from "../../app/sources/new-source.ts";
import type { LifeChange } from "../../app/secrets/source-life.ts";
import { TIMEOUT_MAX } from "../../app/secrets/source-life.ts";
import { VaultError } from "../../errors.ts";
import { parseDuration } from "./duration.ts";
import { MINTED, mintedFlags, parseMinted, refuseMinted } from "./minted-flags.ts";

export const sourceFlags = {
  source: Flags.string({ description: "where the value comes from each time it is needed: a program, behind --, the address of a value in another store, or a key that mints it", options: ["command", "reference", ...MINTED] }),
  ttl: Flags.string({ description: "how long a value from there is good where it does not say; default: 5m", helpValue: "5m", dependsOn: ["source"] }),
  "failure-ttl": Flags.string({ description: "how long a source that failed is not asked again; default: 10s", helpValue: "10s", dependsOn: ["source"] }),
  timeout: Flags.string({ description: "how long the program may take, up to 10m; default: 30s", helpValue: "30s", dependsOn: ["source"] }),
  "keep-env": Flags.string({ description: "seal this variable of now for the program, beside HOME, PATH and their like; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "NAME", dependsOn: ["source"] }),
  ...mintedFlags,
};

/** What of a source can be changed by itself. */
export const lifeFlags = {
  ttl: Flags.string({ description: "how long a value that is made is good where its source does not say", helpValue: "5m" }),
  "failure-ttl": Flags.string({ description: "how long a source that failed is not asked again", helpValue: "10s" }),
  timeout: Flags.string({ description: "how long a command that makes the value may take, up to 10m", helpValue: "30s" }),
};

/** @throws VaultError `usage`. */
export function parseLife(flags: { readonly ttl: string | undefined; readonly "failure-ttl": string | undefined; readonly timeout: string | undefined }): LifeChange {
  return {
    ...(flags.ttl === undefined ? {} : { ttl: secondsOf(flags.ttl, "--ttl") }),
    ...(flags["failure-ttl"] === undefined ? {} : { failureTtl: secondsOf(flags["failure-ttl"], "--failure-ttl") }),
    ...(flags.timeout === undefined ? {} : { timeout: secondsOf(flags.timeout, "--timeout") }),
  };
}

type MintedWords = Parameters<typeof parseMinted>[1];

interface SourceWords extends MintedWords {
  readonly source: string | undefined;
  readonly ttl: string | undefined;
  readonly "failure-ttl": string | undefined;
  readonly timeout: string | undefined;
  readonly "keep-env": readonly string[] | undefined;
  readonly browser: boolean;
  readonly "from-file": string | undefined;
}

/** @param words behind the name. @param isBehindDashes whether they stand behind `--`. @returns undefined for a value that is stored. @throws VaultError `usage`. */
export async function parseSource(flags: SourceWords, words: readonly string[], isBehindDashes: boolean): Promise<AskedSource | AskedMint | undefined> {
  if (flags.source === undefined) {
    if (words.length > 0) throw new VaultError("usage", "there are more arguments than the command takes (not repeated here, in case one is a secret)", "its flags: vault secrets create --help");
    return undefined;
  }
  const minted = MINTED.find((kind) => kind === flags.source);
  if (minted !== undefined) {
    const stray = flags.browser ? "--browser" : flags.timeout !== undefined ? "--timeout" : flags["keep-env"] !== undefined ? "--keep-env" : words.length > 0 ? "further arguments (not repeated here, in case one is a secret)" : undefined;
    if (stray !== undefined) throw new VaultError("usage", `--source ${minted} takes no ${stray}`, "its key comes from --from-file FILE, or from stdin");
    return parseMinted(minted, flags, { ttl: secondsOf(flags.ttl ?? "5m", "--ttl"), failureTtl: secondsOf(flags["failure-ttl"] ?? "10s", "--failure-ttl") });
  }
  refuseMinted(flags, flags.source);
  if (flags.browser || flags["from-file"] !== undefined) throw new VaultError("usage", `--source ${flags.source} takes no value`, "its flags: vault secrets create --help");
  const life = { ttl: secondsOf(flags.ttl ?? "5m", "--ttl"), failureTtl: secondsOf(flags["failure-ttl"] ?? "10s", "--failure-ttl"), keep: flags["keep-env"] ?? [] };
  if (flags.source === "command") {
    if (!isBehindDashes || words.length === 0) throw new VaultError("usage", "--source command takes a program behind --", "vault secrets create NAME --host HOST --source command -- PROG ARGS");
    const timeout = secondsOf(flags.timeout ?? "30s", "--timeout");
    if (timeout > TIMEOUT_MAX) throw new VaultError("usage", "--timeout takes at most 10m", "such as --timeout 30s");
    return { ...life, kind: "command", command: words, timeout };
  }
  const [address, ...more] = words;
  if (address === undefined || more.length > 0 || flags.timeout !== undefined) throw new VaultError("usage", "--source reference takes one address", "vault secrets create NAME --host HOST --source reference op://VAULT/ITEM/FIELD");
  return { ...life, kind: "reference", address };
}

function secondsOf(text: string, flag: string): number {
  return parseDuration(text, flag) / 1000;
}
