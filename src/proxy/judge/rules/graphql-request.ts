// Where a request has documents of GraphQL: in its body, or in its query. Whatever a server might take for one has to be allowed.
import { findText } from "../../../bytes.ts";
import type { Rules } from "../../../vault/rules.ts";
import type { RequestHead } from "../../http1/request-head.ts";
import { isCoded } from "../../places/body-kind.ts";
import type { RootFields } from "./graphql-document.ts";
import { readDocument } from "./graphql-document.ts";
import { hasParameterOf, readableAs, unescapeLeniently } from "./method-override.ts";
import { listKeys } from "./top-keys.ts";

type GraphqlRule = NonNullable<Rules["graphql"]>;

const BATCH_MAX = 100;
/** Such a request means a document that only the server knows. */
const PERSISTED = ["extensions", "documentid", "document_id", "doc_id", "queryid", "query_id", "hash", "sha256hash"];
const PERSISTED_FAULT = "it asks for a document that only the server knows";
const NAMED_SO = /graphql|gql/i;

/** Whether it has to be of GraphQL. Others may be, in their query; a body has no other. */
export function needsDocument({ method }: Pick<RequestHead, "method">): boolean {
  return method === "POST";
}

/** Why a request is not let through; undefined where it is. @param body undefined where there is none. */
export function findGraphqlFault(rule: GraphqlRule, { method, target, headers }: Pick<RequestHead, "method" | "target" | "headers">, body: Uint8Array | undefined): string | undefined {
  const [raw = "", ...rest] = target.split("?");
  const path = unescapeLeniently(raw);
  const inQuery = valuesOf(rest.join("?"), "query");
  const isBare = !needsDocument({ method });
  // Without a brace it is no document that does anything, but what somebody searches for.
  const documents = isBare && !NAMED_SO.test(path) ? inQuery.filter((text) => text.includes("{")) : inQuery;
  // That word means such a one, whatever the path is called.
  if (valuesOf(rest.join("?"), "extensions").some((text) => /persistedquery/i.test(text))) return PERSISTED_FAULT;
  if (hasParameterOf(rest.join("?"), PERSISTED) && (NAMED_SO.test(path) || !isBare || documents.length > 0)) return PERSISTED_FAULT;
  if (documents.length === 0 && isBare && !(NAMED_SO.test(path) && method !== "OPTIONS" && rest.length > 0)) return body === undefined || body.length === 0 ? undefined : "it has a body";
  const faults = documents.map((text) => judgeDocument(rule, text));
  if (!isBare || (body !== undefined && body.length > 0)) faults.push(judgeBody(rule, headers, body));
  else if (documents.length === 0) faults.push("it has no document");
  return faults.find((fault) => fault !== undefined);
}

/** Some servers pass over white space before a name, and to some a semicolon ends a member: then both readings count. */
function valuesOf(query: string, wanted: string): string[] {
  const readings = query.includes(";") ? [query, query.replaceAll(";", "&")] : [query];
  return readings.flatMap((reading) => [...new URLSearchParams(reading)]).filter(([name]) => name.trim().toLowerCase() === wanted).map(([, text]) => text);
}

function judgeBody(rule: GraphqlRule, headers: readonly string[], body: Uint8Array | undefined): string | undefined {
  const text = body === undefined ? undefined : findText(body);
  if (text === undefined || isCoded(headers) || readableAs(headers) !== "json") return "its body is no document of GraphQL in JSON";
  const keys = listKeys(text);
  if (keys === undefined) return "a member of its body stands there twice";
  try {
    const value: unknown = JSON.parse(text);
    const requests = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    if (requests.length === 0 || requests.length > BATCH_MAX) return "it has no document, or too many";
    return requests.map((request) => judgeRequestObject(rule, request)).find((fault) => fault !== undefined);
  } catch {
    return "its body is no JSON";
  }
}

function judgeRequestObject(rule: GraphqlRule, request: unknown): string | undefined {
  if (typeof request !== "object" || request === null || Array.isArray(request)) return "its body is no request of GraphQL";
  const members = Object.entries(request);
  const query = members.find(([name]) => name === "query")?.[1] as unknown;
  // Some servers do not tell letters apart by their case.
  if (members.some(([name]) => name !== "query" && name.toLowerCase() === "query")) return "a member of its body stands there twice";
  if (typeof query !== "string" || query === "") return "it has no document";
  const extensions = members.find(([name]) => name.toLowerCase() === "extensions")?.[1] as unknown;
  if (isPersisted(extensions) || members.some(([name, value]) => name.toLowerCase() !== "extensions" && PERSISTED.includes(name.toLowerCase()) && value !== null)) return PERSISTED_FAULT;
  return judgeDocument(rule, query);
}

function isPersisted(extensions: unknown): boolean {
  return typeof extensions === "object" && extensions !== null && Object.keys(extensions).some((name) => name.toLowerCase() === "persistedquery");
}

function judgeDocument(rule: GraphqlRule, text: string): string | undefined {
  const operations = readDocument(text);
  if (operations === undefined) return "its document of GraphQL cannot be read for certain";
  return operations.map((operation) => judgeOperation(rule, operation)).find((fault) => fault !== undefined);
}

function judgeOperation({ operations, fields }: GraphqlRule, found: RootFields): string | undefined {
  if (!operations.includes(found.operation)) return `it has a ${found.operation} of GraphQL in it`;
  if (fields === null) return undefined;
  return [...found.fields].every((field) => field === "__typename" || fields.includes(field)) ? undefined : "it asks GraphQL for another field than those";
}
