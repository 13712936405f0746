// JSON-RPC 2.0 as the Model Context Protocol has it on stdio: one message a line, no batches. Written here because the protocol's own SDK would add a sixth to the size of the whole program, for five kinds of messages.
import { jsonLine } from "../output/json-line.ts";

export type Id = string | number;

/** `invalid` has no id where none could be read. */
export type Message =
  | { readonly kind: "request"; readonly id: Id; readonly method: string; readonly params: Readonly<Record<string, unknown>> }
  | { readonly kind: "notification"; readonly method: string }
  | { readonly kind: "response" }
  | { readonly kind: "invalid"; readonly id: Id | null; readonly code: number; readonly why: string };

export const CODES = { parse: -32700, request: -32600, method: -32601, params: -32602, internal: -32603 } as const;

export function parseMessage(line: string): Message {
  const value = findJson(line);
  if (value === undefined) return { kind: "invalid", id: null, code: CODES.parse, why: "this is no JSON" };
  if (!isObject(value) || value["jsonrpc"] !== "2.0") return { kind: "invalid", id: null, code: CODES.request, why: "this is no message of JSON-RPC 2.0" };
  const { id, method, params } = value;
  const known = typeof id === "string" || (typeof id === "number" && Number.isFinite(id)) ? id : null;
  if (typeof method !== "string") return known !== null && ("result" in value || "error" in value) ? { kind: "response" } : { kind: "invalid", id: known, code: CODES.request, why: "the message has no method" };
  if (!("id" in value)) return { kind: "notification", method };
  if (known === null) return { kind: "invalid", id: null, code: CODES.request, why: "the id is no string and no number" };
  if (params !== undefined && !isObject(params)) return { kind: "invalid", id: known, code: CODES.params, why: "the parameters are no object" };
  return { kind: "request", id: known, method, params: params ?? {} };
}

export function encodeResult(id: Id, result: Readonly<Record<string, unknown>>): string {
  return jsonLine({ jsonrpc: "2.0", id, result });
}

export function encodeError(id: Id | null, code: number, message: string): string {
  return jsonLine({ jsonrpc: "2.0", id, error: { code, message } });
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function findJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
