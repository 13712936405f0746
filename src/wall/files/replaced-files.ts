// Files of the home folder that a program replaces by others: a copy goes in, and what has become of it comes back, without what would start programs outside.
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { replaceFile } from "../../disk/durable-file.ts";
import type { ReplacedFile } from "../presets/preset.ts";
import { find } from "./disk-view.ts";

const BYTES_MAX = 64 * 1024 * 1024;

/** Copies each file that is there. A link is followed: it is the user's own. */
export function copyIn(files: readonly ReplacedFile[], home: string, homeFolder: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { path } of files) {
    const text = find(() => readFileSync(`${home}/${path}`, "utf8"));
    if (text === undefined) continue;
    texts.set(path, text);
    writeFileSync(`${homeFolder}/${path}`, text, { flag: "wx", mode: 0o600 });
  }
  return texts;
}

/**
 * Brings back what has changed. What the program left in the folder is read as hostile: no link, no more than 64 MiB, JSON that is an object.
 *
 * @param before the texts as they went in
 * @returns what could not be brought back, for the person
 */
export function bringBack(files: readonly ReplacedFile[], before: ReadonlyMap<string, string>, home: string, homeFolder: string): string[] {
  const troubles: string[] = [];
  for (const { path, kept } of files) {
    const after = find(() => readPlain(`${homeFolder}/${path}`));
    if (after === undefined || after === before.get(path)) continue;
    const current = find(() => readFileSync(`${home}/${path}`, "utf8"));
    if (current !== before.get(path)) troubles.push(`"${home}/${path}" was changed outside in the meantime: what the program wrote is not kept`);
    else if (find(() => lstatSync(`${home}/${path}`))?.isSymbolicLink() === true) troubles.push(`"${home}/${path}" is a link: what the program wrote is not kept`);
    else {
      const text = keepMembers(after, current, kept);
      if (text === undefined) troubles.push(`what the program wrote to "${path}" is no JSON: it is not kept`);
      else replaceFile(`${home}/${path}`, Buffer.from(text), () => find(() => readFileSync(`${home}/${path}`, "utf8")) === current);
    }
  }
  return troubles;
}

/** The text after, with the kept members as they were before: gone where they were not there. Undefined for what is no JSON object. */
export function keepMembers(after: string, before: string | undefined, kept: readonly string[]): string | undefined {
  const [next, last] = [parse(after), parse(before ?? "{}") ?? {}];
  if (next === undefined) return undefined;
  for (const path of kept) restore(next, last, path.split("."));
  return `${JSON.stringify(next, null, 2)}\n`;
}

type Members = Record<string, unknown>;

function restore(next: Members, last: Members, [first = "", ...rest]: readonly string[]): void {
  const names = first === "*" ? Object.keys(next) : [first];
  for (const name of names) {
    const old = Object.hasOwn(last, name) ? last[name] : undefined;
    if (rest.length > 0) {
      const inner = Object.hasOwn(next, name) ? next[name] : undefined;
      if (isMembers(inner)) restore(inner, isMembers(old) ? old : {}, rest);
    } else if (old === undefined) Reflect.deleteProperty(next, name);
    else next[name] = old;
  }
}

function parse(text: string): Members | undefined {
  const value = find(() => JSON.parse(text) as unknown);
  return isMembers(value) ? value : undefined;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readPlain(path: string): string | undefined {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() && stat.nlink === 1 && stat.size <= BYTES_MAX ? readFileSync(descriptor, "utf8") : undefined;
  } finally {
    closeSync(descriptor);
  }
}
