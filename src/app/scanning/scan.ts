// One scan: which files, what is in them, what of that is in the vault, and what to type about it. Of a value nothing leaves this: a file, a line, a kind.
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { hasRandomPart, isSecretVariable, looksLikeCredential } from "../../env-files/credential-look.ts";
import type { Attention } from "../../scan/attention.ts";
import { attentionFor, findPlace, PLACES } from "../../scan/attention.ts";
import type { Clue, CredentialKind, Judges, KeyForm } from "../../scan/clue.ts";
import { digestOf, findCredentials } from "../../scan/find-credentials.ts";
import { ignoredFolders, readStaged } from "../../scan/git.ts";
import { FILE_BYTES_MAX, readText, textOf } from "../../scan/read-text.ts";
import { walkFolder } from "../../scan/walk.ts";
import type { Registry } from "../../services/registry.ts";
import { findServiceOfVariable } from "../../services/registry.ts";
import { lengthOf, literalStart } from "../../vault/placeholder-template.ts";
import { VALUE_BYTES_MAX } from "../../vault/record.ts";
import { VaultError } from "../../errors.ts";
import { openRegistry } from "../services/known-services.ts";
import { keyLooks } from "../services/likely-credential.ts";
import type { Surroundings } from "../surroundings.ts";
import { ENV_FILE, offerImports } from "./import-offer.ts";
import type { Comparison } from "./known-values.ts";
import { openKnownValues } from "./known-values.ts";
import type { Found, NextStep } from "./next-steps.ts";
import { nextSteps } from "./next-steps.ts";

export interface ScanRequest {
  /** Empty: the folder, and the places in the home folder where tools keep keys. */
  readonly paths: readonly string[];
  readonly isStaged: boolean;
  readonly folder: string;
  readonly home: string;
}

export interface Finding {
  readonly file: string;
  /** Whose file it is, where that is known. */
  readonly title: string | undefined;
  readonly line: number;
  readonly kind: CredentialKind;
  readonly name: string | undefined;
  readonly service: string | undefined;
  /** The secret with this very value; undefined where there is none, or that is not known. */
  readonly secret: string | undefined;
}

export interface ScanReport {
  readonly findings: readonly Finding[];
  readonly comparison: Comparison;
  readonly fileCount: number;
  /** Folders of others' work that were passed by. */
  readonly passedCount: number;
  readonly left: readonly { readonly path: string; readonly why: string }[];
  /** What to type, for the files whose values can go into the vault as they stand. */
  readonly imports: readonly string[];
  /** For all others. */
  readonly steps: readonly NextStep[];
}

/** A page of findings tells enough. */
const FINDINGS_MAX = 10_000;

interface Source {
  readonly path: string;
  readonly attention: Attention;
  readonly title: string | undefined;
  /** How it is named to a command. */
  readonly at: string;
  readonly text: string;
  /** What is known already, and is not told again. */
  readonly before: string;
}

/** @throws VaultError `usage` for a path that is not there; what reading the vault says. */
export async function scan(surroundings: Surroundings, request: ScanRequest): Promise<ScanReport> {
  const known = await openKnownValues(surroundings);
  try {
    const registry = openRegistry(surroundings);
    const judges = judgesFrom(registry, known.isPlaceholder);
    const tally = { files: 0, passed: 0, left: [] as { path: string; why: string }[] };
    const clues: { readonly source: Source; readonly clue: Clue }[] = [];
    for (const source of request.isStaged ? stagedSources(request, tally) : fileSources(request, tally)) {
      tally.files += 1;
      const before = new Set(source.before === "" ? [] : findCredentials(source.before, source.attention, judges).map(({ digest }) => digest));
      for (const clue of findCredentials(source.text, source.attention, judges)) if (!before.has(clue.digest)) clues.push({ source, clue });
      if (clues.length >= FINDINGS_MAX) {
        tally.left.push({ path: source.path, why: `is the last one: there are more than ${FINDINGS_MAX} findings` });
        break;
      }
    }
    const secrets = await known.find(new Set(clues.map(({ clue }) => clue.digest)));
    const findings = clues.map(({ source, clue: { kind, line, name, sureName, service, digest } }): Finding => ({
      ...{ file: withoutKeys(source.path, judges), title: source.title, line, kind },
      name: sureName,
      service: service ?? (name === undefined ? undefined : findServiceOfVariable(registry, name)?.id),
      secret: secrets.get(digest),
    }));
    const mayShow = (word: string): boolean => withoutKeys(word, judges) === word;
    const strange = new Map<string, Set<string>>();
    for (const { source, clue } of clues) if (!request.isStaged && clue.name !== undefined && !secrets.has(clue.digest)) strange.set(source.at, (strange.get(source.at) ?? new Set<string>()).add(clue.name));
    const found = clues.flatMap(({ source: { path, at, text, attention, title }, clue: { digest } }, index): Found[] => {
      const finding = findings[index];
      if (finding === undefined || ENV_FILE.test(path) || !mayShow(at)) return [];
      return [{ ...finding, at, attention, title, digest, variable: registry.find(({ id }) => id === finding.service)?.variables[0], isWhole: text.length <= VALUE_BYTES_MAX && digestOf(text) === digest, isOpenSsh: text.startsWith("-----BEGIN OPENSSH") }];
    });
    return { findings, comparison: known.comparison, fileCount: tally.files, passedCount: tally.passed, left: tally.left.map(({ path, why }) => ({ path: withoutKeys(path, judges), why })), imports: offerImports(surroundings, request.folder, strange, mayShow), steps: nextSteps(found) };
  } finally {
    known.close();
  }
}

interface Tally {
  passed: number;
  readonly left: { path: string; why: string }[];
}

function* fileSources({ paths, folder, home }: ScanRequest, tally: Tally): Generator<Source> {
  const seen = new Set<string>();
  for (const path of paths.length === 0 ? [folder === resolve(home) ? undefined : ".", ...homePlaces(home)].filter((each) => each !== undefined) : paths) {
    const absolute = resolve(folder, path);
    const stat = statSync(absolute, { throwIfNoEntry: false });
    if (stat === undefined) throw new VaultError("usage", `there is no "${path}"`, "check the path; to look through this folder: vault scan");
    const isFolder = stat.isDirectory();
    const ignored = isFolder ? ignoredFolders(absolute) : new Set<string>();
    const walk = isFolder ? walkFolder(absolute, (below) => ignored.has(below)) : undefined;
    for (const { path: file, isIgnored } of walk?.files ?? [{ path: absolute, isIgnored: false }]) {
      if (seen.has(file)) continue;
      seen.add(file);
      const shown = nearest(file, folder, home);
      // What git is told to ignore is built, fetched, or private to this machine: of that, what tools are set up by.
      if (isIgnored && findPlace(file.split(sep).join("/")) === undefined) continue;
      const read = readText(file, walk === undefined);
      if (read.kind === "unread") tally.left.push({ path: shown, why: read.why });
      if (read.kind === "text") yield { ...sourceOf(shown), at: shown.startsWith("~") ? file : shown, text: read.text, before: "" };
    }
    tally.passed += walk?.passed() ?? 0;
    tally.left.push(...(walk?.left ?? []).map(({ path: one, why }) => ({ path: nearest(one, folder, home), why })));
  }
}

function* stagedSources({ folder }: ScanRequest, tally: Tally): Generator<Source> {
  const { files, left } = readStaged(folder, FILE_BYTES_MAX);
  tally.left.push(...left);
  for (const { path, bytes, before } of files) {
    const [read, earlier] = [textOf(bytes), before === undefined ? undefined : textOf(before)];
    if (read.kind === "text") yield { ...sourceOf(path), at: path, text: read.text, before: earlier?.kind === "text" ? earlier.text : "" };
  }
}

function homePlaces(home: string): string[] {
  return PLACES.filter(({ inHome }) => inHome).flatMap(({ path }) => (path.includes("*") ? fitting(join(home, path)) : [join(home, path)])).filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** Of a pattern, whose star is in its last part. */
function fitting(path: string): string[] {
  const [before = "", after = ""] = basename(path).split("*");
  try {
    return readdirSync(dirname(path)).filter((name) => name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after)).sort().map((name) => join(dirname(path), name));
  } catch {
    // There is no such folder, or it is somebody else's.
    return [];
  }
}

function sourceOf(path: string): Pick<Source, "path" | "attention" | "title"> {
  const name = path.split(sep).join("/");
  return { path, attention: attentionFor(name), title: findPlace(name)?.title };
}

/** As one would type it from here. */
function nearest(path: string, folder: string, home: string): string {
  const here = relative(folder, path);
  if (here !== "" && !here.startsWith("..")) return here;
  return path.startsWith(join(home, sep)) ? `~${path.slice(resolve(home).length)}` : path;
}

/** Somebody may have a file named after a key. */
function withoutKeys(path: string, judges: Judges): string {
  return path.split(sep).map((part) => (findCredentials(part, "source", judges).length > 0 ? "…" : part)).join(sep);
}

function judgesFrom(registry: Registry, isPlaceholder: (value: string) => boolean): Judges {
  const looks = keyLooks(registry);
  const forms = registry.services.flatMap(({ id, placeholders }) => placeholders.map((form): KeyForm => ({ service: id, start: literalStart(form), length: lengthOf(form) }))).filter(({ start }) => start.length >= 3);
  return {
    forms,
    isCredential: (name, value) => looksLikeCredential(name, value, looks),
    isSecretName: (name) => isSecretVariable(name) || findServiceOfVariable(registry, name) !== undefined,
    isRandom: hasRandomPart,
    isPlaceholder,
  };
}
