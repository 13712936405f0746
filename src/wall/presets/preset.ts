// What a known program needs of the home folder: its login and history to write, and what of that runs later to read. `preset.schema.json` says the same for editors.
import { basename } from "node:path";
import { VaultError } from "../../errors.ts";
import * as json from "../../vault/json-shape.ts";

/** Paths are relative to the home folder; one that ends in a slash is a folder. */
export interface Preset {
  readonly id: string;
  readonly title: string;
  /** Names of programs that it is for. */
  readonly programs: readonly string[];
  /** Hidden from every other program: logins, histories. */
  readonly own: readonly string[];
  /** Made where they are missing. */
  readonly writable: readonly string[];
  /** In what is writable: settings with commands, plugins, lists of servers to start. Made empty where they are missing, so that they cannot be made inside. */
  readonly readOnly: readonly string[];
  /** Folders in what is writable of which each run has its own: scripts that programs outside would run, were they to find them. */
  readonly fresh: readonly string[];
  /** Files that the program replaces by others, which a mounted file does not bear: it works on a copy, which is brought back in the end. */
  readonly replaced: readonly ReplacedFile[];
  /** Folders of which each project has its own behind the wall. */
  readonly caches: readonly string[];
}

export interface ReplacedFile {
  readonly path: string;
  /** Members of the JSON in it that stay as they are outside, since they name programs to start: `mcpServers`, `projects.*.mcpServers`. */
  readonly kept: readonly string[];
}

const LENGTH_MAX = 64;
const MEMBERS = ["$schema", "id", "title", "programs", "own", "writable", "readOnly", "fresh", "replaced", "caches"];
const PATH = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*\/?$/;

/** The preset for a command, by its last part. */
export function choosePreset(presets: readonly Preset[], command: string): Preset | undefined {
  return presets.find(({ programs }) => programs.includes(basename(command)));
}

/** @throws VaultError `bad-schema`, `out-of-bounds`. */
export function parsePreset(value: unknown): Preset {
  const file = json.parseObject(value, "a preset");
  requireMembers(file, MEMBERS, "a preset");
  const id = json.parseVisibleText(file["id"], LENGTH_MAX, "the id of a preset");
  const what = `preset "${id}"`;
  return {
    id,
    title: json.parseVisibleText(file["title"], LENGTH_MAX, `the title of ${what}`),
    programs: parseWords(file["programs"], /^[A-Za-z0-9._-]+$/, `the programs of ${what}`),
    own: parseWords(file["own"], PATH, `the own files of ${what}`),
    writable: parseWords(file["writable"], PATH, `the writable files of ${what}`),
    readOnly: parseWords(file["readOnly"], PATH, `the read-only files of ${what}`),
    fresh: parseWords(file["fresh"], PATH, `the fresh folders of ${what}`),
    replaced: file["replaced"] === undefined ? [] : json.parseArray(file["replaced"], LENGTH_MAX, `the replaced files of ${what}`).map((item) => parseReplaced(item, what)),
    caches: parseWords(file["caches"], PATH, `the caches of ${what}`),
  };
}

function parseReplaced(value: unknown, what: string): ReplacedFile {
  const entry = json.parseObject(value, `a replaced file of ${what}`);
  requireMembers(entry, ["path", "kept"], `a replaced file of ${what}`);
  const path = json.parseText(entry["path"], `a replaced file of ${what}`);
  // Straight in the home folder: whatever stands above it could be another folder by the time at which it is brought back.
  if (!PATH.test(path) || path.includes("/")) throw new VaultError("bad-schema", `a replaced file of ${what}: expected a file of the home folder`);
  return { path, kept: parseWords(entry["kept"], /^(?:\*|[A-Za-z0-9_-]+)(?:\.(?:\*|[A-Za-z0-9_-]+))*$/, `what is kept of "${path}"`) };
}

function parseWords(value: unknown, form: RegExp, what: string): string[] {
  if (value === undefined) return [];
  return json.parseArray(value, LENGTH_MAX, what).map((item) => {
    const word = json.parseText(item, what);
    if (!form.test(word)) throw new VaultError("bad-schema", `${what}: expected paths below the home folder, or names`);
    return word;
  });
}

function requireMembers(object: Readonly<Record<string, unknown>>, known: readonly string[], what: string): void {
  const stranger = Object.keys(object).find((member) => !known.includes(member));
  if (stranger !== undefined) throw new VaultError("bad-schema", `${what}: expected no member but ${known.map((member) => `"${member}"`).join(", ")}`);
}
