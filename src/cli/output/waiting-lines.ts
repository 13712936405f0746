// How a request that waits is shown to the person who decides. Whatever the program has chosen is shown as text, with what cannot be seen made visible, and never longer than a screen.
import type { WaitingRequest } from "../../app/approvals/waiting.ts";
import { formatDuration } from "./duration-text.ts";
import { visible } from "./visible-text.ts";

const PATH_MAX = 1500;
const NAME_MAX = 200;
const BODY_MAX = 16_384;

/** One object of `vault approve --json`. */
export function waitingObject({ id, request, waitedMs, leftMs }: WaitingRequest): Record<string, unknown> {
  const { kind, secrets, method, host, path, rules, programs, run, digest, body } = request;
  const bodyObject = body.kind === "none" ? null : { bytes: body.kind === "held" ? body.bytes.length : body.length };
  return { id, kind, secret: secrets.join(","), method, host: withoutUsualPort(host), path, rules, programs, run, digest, body: bodyObject, waitedSeconds: Math.floor(waitedMs / 1000), leftSeconds: Math.floor(leftMs / 1000) };
}

/** One line for each, for a list. */
export function waitingLine({ id, request, leftMs }: WaitingRequest): string {
  return `${id}  ${describeAct(request, 120)}  (${cut(request.secrets.join(", "), NAME_MAX)}, ${formatDuration(leftMs / 1000)} left)`;
}

/** All that a person needs to decide on one. */
export function waitingLines({ id, request, isBodyKept, leftMs }: WaitingRequest): string[] {
  const { kind, secrets, rules, programs, digest, body, path, run } = request;
  const asker = programs.length === 0 ? "not known: the system does not tell" : programs.map((name) => cut(name, 40)).join(" < ");
  const from = `program  ${asker}  (run ${run})`;
  if (kind === "wish") return [`${id}  a program asks for ${cut(request.host, NAME_MAX)}`, `  it says  "${cut(path, 600)}"`, `  ${from}`, `  a yes tells it so and gives nothing by itself: start the run anew with -s NAME, or bind the host (vault secrets update NAME --host HOST)`];
  return [
    `${id}  ${describeAct(request, PATH_MAX)}`,
    `  secret   ${cut(secrets.join(", "), NAME_MAX)}`,
    `  rule     ${cut(rules.join("; "), NAME_MAX)}`,
    `  ${from}`,
    ...(body.kind === "none" ? [] : [`  body     ${describeBody(body)}${isBodyKept ? "" : ": too much waits for it to be shown"}`]),
    `  digest   ${digest.slice(0, 16)}  (of all of it)`,
    `  left     ${formatDuration(leftMs / 1000)}`,
  ];
}

/** The text of a body, on request. */
export function bodyLines({ request: { body } }: WaitingRequest): string[] {
  if (body.kind === "none") return ["  there is no body"];
  if (body.kind === "unread") return [`  the body cannot be shown: ${describeBody(body)}`];
  const text = Buffer.from(body.bytes).toString("utf8");
  const lines = text.slice(0, BODY_MAX).split("\n").map((line) => `  | ${visible(line)}`);
  return [...lines, ...(text.length > BODY_MAX ? [`  … and ${text.length - BODY_MAX} more characters`] : [])];
}

/** Without the port that goes without saying. */
function withoutUsualPort(host: string): string {
  return host.endsWith(":443") ? host.slice(0, -":443".length) : host;
}

/** What an id was answered to, in a sentence. */
export function describeAct({ kind, method, host, path }: WaitingRequest["request"], lengthMax: number): string {
  return kind === "wish" ? `a wish for ${cut(host, NAME_MAX)}` : `${cut(method, 40)} ${cut(withoutUsualPort(host), 260)}${cut(path, lengthMax)}`;
}

function describeBody(body: Exclude<WaitingRequest["request"]["body"], { readonly kind: "none" }>): string {
  if (body.kind === "held") return `${body.bytes.length} bytes, in the digest`;
  return `${body.length === null ? "of unknown length" : `${body.length} bytes`}, ${body.isHashed ? "in the digest" : "not read yet, and not in the digest"}`;
}

function cut(text: string, lengthMax: number): string {
  const shown = visible(text.slice(0, lengthMax));
  return text.length > lengthMax ? `${shown}… (${text.length - lengthMax} more characters)` : shown;
}
