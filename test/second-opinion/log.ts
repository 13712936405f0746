// FORMAT.md, "The audit log".
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { hmac, sha256 } from "./crypto.ts";
import { locked, readOwn, replace } from "./files.ts";
import type { AuditHead } from "./forms.ts";

interface Entry {
  readonly seq: number;
  readonly at: string;
  readonly event: Readonly<Record<string, unknown>>;
  readonly prev: string;
  readonly mac: string;
}

export function logKeyOf(auditKey: Uint8Array): Buffer {
  return hmac(auditKey, Buffer.from("vault/1 audit log"));
}

/** One entry, durable when this returns. */
export async function append(folder: string, event: Readonly<Record<string, unknown>>, vouched: AuditHead, logKey: Uint8Array): Promise<AuditHead> {
  return locked(join(folder, "audit.lock"), () => {
    let lines = linesOf(folder);
    const head = readHead(folder, logKey);
    const add = (what: Readonly<Record<string, unknown>>): AuditHead => {
      const before = headBefore(lines, vouched, head, logKey);
      const unsigned = { seq: before.sequence + 1, at: new Date().toISOString(), event: what, prev: before.hash };
      const line = JSON.stringify({ ...unsigned, mac: macOf(JSON.stringify(unsigned), logKey) });
      const path = join(folder, "audit.jsonl");
      if (existsSync(path) && (readOwn(path)?.length ?? 0) >= 8 * 1024 * 1024) renameSync(path, join(folder, `audit-${String(before.sequence).padStart(16, "0")}.jsonl`));
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
      const file = openSync(path, "r");
      fsyncSync(file);
      closeSync(file);
      lines = [...lines, line];
      return { sequence: unsigned.seq, hash: hashOf(line) };
    };
    if (lines.length > 0 && head === undefined) add({ kind: "audit.unvouched" });
    const last = parse(lines.at(-1));
    if (last?.event["closesLog"] === true && !isRight(last, logKey)) add({ kind: "audit.open", closed: last.seq, hash: hashOf(lines.at(-1) ?? "") });
    const next = add(event);
    const { sequence, hash } = next;
    replace(join(folder, "head.json"), Buffer.from(`${JSON.stringify({ sequence, hash, macs: [headMac(next, logKey)] })}\n`));
    return next;
  });
}

/** Follows the main log. @throws Error naming the first line that is wrong. */
export function verify(folder: string, vouched: AuditHead, logKey: Uint8Array): number {
  const lines = linesOf(folder);
  const closing = lines.findIndex((line, index) => {
    const entry = parse(line);
    if (entry?.event["closesLog"] !== true || isRight(entry, logKey)) return false;
    const next = parse(lines[index + 1]);
    return next === undefined ? entry.seq === vouched.sequence && hashOf(line) === vouched.hash : isRight(next, logKey);
  });
  let before: AuditHead = { sequence: 0, hash: Buffer.alloc(32).toString("base64") };
  for (const [index, line] of lines.entries()) {
    const entry = parse(line);
    const isWrong = entry === undefined || entry.seq !== before.sequence + 1 || entry.prev !== before.hash || (index > closing && !isRight(entry, logKey));
    if (isWrong || (entry.seq === vouched.sequence && hashOf(line) !== vouched.hash)) throw new Error(`line ${index + 1}`);
    before = { sequence: entry.seq, hash: hashOf(line) };
  }
  const head = readHead(folder, logKey);
  if (before.sequence < vouched.sequence || head === undefined || head.sequence > before.sequence) throw new Error(`line ${lines.length + 1}`);
  return lines.length;
}

/** What the next line is chained to, after all that has to be right before somebody appends. */
function headBefore(lines: readonly string[], vouched: AuditHead, head: AuditHead | undefined, logKey: Uint8Array): AuditHead {
  const line = lines.at(-1);
  if (line === undefined) return vouched;
  const last = parse(line);
  const here = { sequence: last?.seq ?? 0, hash: hashOf(line) };
  const isVouched = here.sequence === vouched.sequence && here.hash === vouched.hash;
  if (last === undefined || !(isRight(last, logKey) || (isVouched && last.event["closesLog"] === true))) throw new Error("the last line");
  for (const known of head === undefined ? [vouched] : [vouched, head]) {
    if (here.sequence < known.sequence || (here.sequence === known.sequence && here.hash !== known.hash)) throw new Error("the log was cut");
  }
  return here;
}

function linesOf(folder: string): string[] {
  const parts = readdirSync(folder).filter((name) => /^audit-\d{16}\.jsonl$/.test(name)).sort();
  return [...parts, "audit.jsonl"].flatMap((name) => (readOwn(join(folder, name))?.toString("utf8") ?? "").split("\n").slice(0, -1));
}

function parse(line: string | undefined): Entry | undefined {
  if (line === undefined) return undefined;
  try {
    const { seq, at, event, prev, mac } = JSON.parse(line) as Entry;
    const entry = { seq, at, event, prev, mac };
    return JSON.stringify(entry) === line ? entry : undefined;
  } catch {
    return undefined;
  }
}

function isRight({ mac, ...unsigned }: Entry, logKey: Uint8Array): boolean {
  return mac === macOf(JSON.stringify(unsigned), logKey);
}

function macOf(text: string, key: Uint8Array): string {
  return hmac(key, sha256(Buffer.from(text))).toString("base64");
}

function hashOf(line: string): string {
  return sha256(Buffer.from(line)).toString("base64");
}

function readHead(folder: string, logKey: Uint8Array): AuditHead | undefined {
  try {
    const { sequence, hash, macs } = JSON.parse(readOwn(join(folder, "head.json"))?.toString("utf8") ?? "") as AuditHead & { readonly macs: readonly string[] };
    return macs.includes(headMac({ sequence, hash }, logKey)) ? { sequence, hash } : undefined;
  } catch {
    return undefined;
  }
}

function headMac({ sequence, hash }: AuditHead, logKey: Uint8Array): string {
  return macOf(`vault/1 audit head ${JSON.stringify({ sequence, hash })}`, logKey);
}
