// Finds credentials in a text. Pure: what known keys look like, and what a name and its value look like, is handed in. Of a value only its hash leaves this file.
import { createHash } from "node:crypto";
import { findNamed, fold, FRESH, NAME } from "./assignments.ts";
import type { Attention } from "./attention.ts";
import type { Clue, Hit, Judges, KeyForm } from "./clue.ts";
import { bitsPerCharacter, isInnocent } from "./innocent.ts";
import { findPrivateKeys } from "./private-keys.ts";

/** On a line with this, nothing is found: for fixtures. */
const IGNORE_MARK = "vault-scan-ignore";
/** Of one text. */
const CLUES_MAX = 1000;
const URL_PASSWORD = /(?<![A-Za-z0-9+.-])([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>`]{0,128}:([^\s/@"'<>`]{1,256})@([A-Za-z0-9.[\]-]{1,253}))/gi;
const WEB_TOKEN = /(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{20,2048}/g;
/** What tools call them, besides names that say themselves that they are of a secret. */
const USUAL_NAME = /^(?:_?auth|authorization|proxy-authorization|cookie|key|url|uri|dsn|pass|account|x-[a-z-]*key)$/i;
const NO_HOST = /^(?:localhost|127\.|\[::1\]|0\.0\.0\.0|host\.docker\.internal|[a-z0-9-]+$)|(?:^|\.)(?:example|test|invalid|local|localhost)(?:\.(?:com|org|net))?$/i;
const WHOLE_KEY_MIN = 0.6;
const BITS_MIN = 3;

/** At most a thousand, in the order of their lines; the surest of those that stand in the same place. */
export function findCredentials(text: string, attention: Attention, judges: Judges): Clue[] {
  const hits: Hit[] = [...Array.from(findPrivateKeys(text), ({ text: value, ...span }): Hit => ({ kind: "private-key", name: undefined, service: undefined, ...span, value })), ...findKeys(text, judges), ...findWebTokens(text), ...findUrlPasswords(text, attention, judges), ...findNamed(text, attention, judges)];
  const taken: Hit[] = [];
  const byPlace = new Map<number, Hit[]>();
  for (const hit of hits) {
    if (taken.length === CLUES_MAX) break;
    // Places that overlap have a cell in common, or are in neighbouring ones.
    const [first, last] = [Math.floor(hit.start / CELL), Math.floor(hit.end / CELL)];
    const near = Array.from({ length: last - first + 1 }, (_, cell) => byPlace.get(first + cell) ?? []).flat();
    if (near.some((other) => hit.start < other.end && other.start < hit.end)) continue;
    if (judges.isPlaceholder(hit.value) || lineAround(text, hit.start).includes(IGNORE_MARK)) continue;
    taken.push(hit);
    for (let cell = first; cell <= last; cell += 1) byPlace.set(cell, [...(byPlace.get(cell) ?? []), hit]);
  }
  return withLines(text, taken.sort((a, b) => a.start - b.start), judges);
}

const CELL = 256;

function* findKeys(text: string, { forms, isRandom }: Judges): Generator<Hit> {
  for (const match of text.matchAll(patternOf(forms))) {
    const [value] = match;
    const fitting = forms.filter(({ start, length }) => value.startsWith(start) && value.length >= length * WHOLE_KEY_MIN);
    const longest = Math.max(...fitting.map(({ start }) => start.length));
    const best = fitting.filter(({ start }) => start.length === longest);
    const rest = value.slice(longest);
    if (best.length === 0 || isInnocent(rest) || !isRandom(rest) || bitsPerCharacter(rest) < BITS_MIN) continue;
    const services = new Set(best.map(({ service }) => service));
    yield { kind: "key", name: nameBefore(text, match.index), service: services.size === 1 ? best[0]?.service : undefined, start: match.index, end: match.index + value.length, value };
  }
}

const patterns = new WeakMap<readonly KeyForm[], RegExp>();

/** Made once: of some hundred beginnings, the longest first. */
function patternOf(forms: readonly KeyForm[]): RegExp {
  const known = patterns.get(forms);
  if (known !== undefined) return known;
  const starts = [...new Set(forms.map(({ start }) => start))].sort((a, b) => b.length - a.length).map((start) => start.replaceAll(/[.+?^${}()|[\]\\*]/g, "\\$&"));
  const pattern = starts.length === 0 ? /(?!)/g : new RegExp(`(?<![A-Za-z0-9_+/.-]|enc:)(?:${starts.join("|")})[A-Za-z0-9_.+/=:-]{8,512}`, "g");
  patterns.set(forms, pattern);
  return pattern;
}

function* findWebTokens(text: string): Generator<Hit> {
  for (const match of text.matchAll(WEB_TOKEN)) yield { kind: "web-token", name: nameBefore(text, match.index), service: undefined, start: match.index, end: match.index + match[0].length, value: match[0] };
}

function* findUrlPasswords(text: string, attention: Attention, { isCredential, isRandom }: Judges): Generator<Hit> {
  for (const match of text.matchAll(URL_PASSWORD)) {
    const [, url = "", password = "", host = ""] = match;
    if (isInnocent(password) || !isCredential("", url)) continue;
    if ((attention === "source" || attention === "lines") && (NO_HOST.test(host) || password.length < 10 || !isRandom(`${password}${password}`))) continue;
    const start = match.index + url.lastIndexOf(password, url.lastIndexOf("@"));
    yield { kind: "url-password", name: nameBefore(text, match.index), service: undefined, start, end: start + password.length, value: password };
  }
}

function nameBefore(text: string, at: number): string | undefined {
  return new RegExp(`${FRESH}${NAME}["']?[ \\t]{0,4}(?:=>|:=|[:=])[ \\t]{0,4}["']?(?:(?:bearer|basic|token|bot)[ \\t]{1,4})?$`, "i").exec(text.slice(Math.max(0, at - 160, text.lastIndexOf("\n", at - 1) + 1), at))?.[1];
}

function lineAround(text: string, at: number): string {
  const end = text.indexOf("\n", at);
  return text.slice(Math.max(text.lastIndexOf("\n", at - 1) + 1, at - 4096), end < 0 ? at + 4096 : Math.min(end, at + 4096));
}

function withLines(text: string, hits: readonly Hit[], judges: Judges): Clue[] {
  let [line, at] = [1, 0];
  return hits.map(({ kind, name, service, start, value }) => {
    for (let next = text.indexOf("\n", at); next >= 0 && next < start; next = text.indexOf("\n", at)) {
      line += 1;
      at = next + 1;
    }
    return { kind, line, name, sureName: name !== undefined && isSureName(name, text, start, judges) ? name : undefined, service, digest: digestOf(value) };
  });
}

/** By its words; or by where it stands: between quotation marks, or as a shell's variable at the beginning of a line. */
function isSureName(name: string, text: string, valueAt: number, { isSecretName, isRandom }: Judges): boolean {
  if (isRandom(name)) return false;
  if (USUAL_NAME.test(name) || isSecretName(fold(name))) return true;
  const before = text.slice(Math.max(text.lastIndexOf("\n", valueAt - 1) + 1, valueAt - 512), valueAt);
  const escaped = name.replaceAll(/[.-]/g, "\\$&");
  if (new RegExp(`(?:^|[\\s{,])(["'])${escaped}\\1[ \\t]{0,4}(?:=>|:=|[:=])`).test(before)) return true;
  return /^[A-Z][A-Z0-9_]+$/.test(name) && new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}=`).test(before);
}

/** Line ends around a value are no part of it. */
export function digestOf(value: string | Uint8Array): string {
  return createHash("sha256").update(Buffer.from(value).toString("latin1").trim(), "latin1").digest("base64");
}
