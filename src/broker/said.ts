// What a broker says besides an answer: what the proxy does while the run goes on, what is told at its end, and why there is no session. Read as untrusted text.
import type { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import { findText } from "../bytes.ts";
import { VaultError } from "../errors.ts";
import { isVisibleText } from "../vault/visible-text.ts";
import * as json from "../vault/json-shape.ts";

const LINES_MAX = 2000;
const LINE_CHARS_MAX = 4096;
const EVENT_CHARS_MAX = 64 * 1024;

/** Lines for the person who started the run. @throws VaultError `bad-schema`. */
export function parseEnd(body: Uint8Array): string[] {
  return json.parseArray(parseJson(body)["lines"], LINES_MAX, "lines").map((line) => json.parseVisibleText(line, LINE_CHARS_MAX, "lines"));
}

/** Why there is no session, in words of this machine's: the broker says a code. */
export function parseTrouble(origin: string, status: number, body: Uint8Array): VaultError {
  const said = parseJson(body);
  const code = typeof said["code"] === "string" ? said["code"] : "";
  switch (code) {
    case "ambiguous": {
      const vaults = Array.isArray(said["vaults"]) ? said["vaults"].filter((id): id is string => typeof id === "string" && isVisibleText(id, 64)) : [];
      return new VaultError("usage", `several vaults at ${origin} have accepted this identity: ${vaults.join(", ")}`, "--broker-vault ID");
    }
    case "not-found":
      return new VaultError("not-found", "the broker has no such secret, workspace or group for this identity", "ask the vault's owner; -s takes names that the identity was accepted for");
    case "usage":
      return new VaultError("usage", "what this run asks for cannot be: a variable that the run needs itself, one given twice, or a vault.run.json that wants more than the vault allows");
    case "busy":
      return new VaultError("busy", "this identity has too many sessions at the broker", "wait for one to end");
    case "locked":
    case "key-unavailable":
      return new VaultError("locked", `the vault at ${origin} is locked`, "its owner unlocks it: vault unlock");
    default:
      return new VaultError("store-unavailable", `the broker at ${origin} gave no session (status ${status}${/^[a-z-]{1,32}$/.test(code) ? `, ${code}` : ""})`, "the broker's own log says why");
  }
}

/**
 * An object a line, with its end, until the connection ends. What is no compact JSON that a person can read is passed over: it is for a log, and decides nothing.
 * Of a line without an end no more is kept than a line may have.
 */
export async function readEvents(socket: Socket, hear: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let begun = "";
  let isTooLong = false;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const [first = "", ...others] = decoder.write(chunk).split("\n");
    begun += first;
    for (const next of others) {
      if (!isTooLong && isVisibleText(begun, EVENT_CHARS_MAX) && isCompact(begun)) hear(`${begun}\n`);
      begun = next;
      isTooLong = false;
    }
    if (begun.length <= EVENT_CHARS_MAX) continue;
    begun = "";
    isTooLong = true;
  }
}

function isCompact(line: string): boolean {
  try {
    return JSON.stringify(json.parseObject(JSON.parse(line), "an event")) === line;
  } catch {
    return false;
  }
}

function parseJson(body: Uint8Array): Record<string, unknown> {
  try {
    return json.parseObject(JSON.parse(findText(body) ?? ""), "what the broker says");
  } catch {
    return {};
  }
}
