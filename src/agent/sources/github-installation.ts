// The token of an installation of a GitHub App, narrowed to repositories and permissions: what is asked with the app's JWT, and what the answer comes to. No I/O.
import { Secret } from "../../secret.ts";
import type { LivingSource } from "../../vault/source.ts";
import { installationUrl } from "../../vault/token-endpoint.ts";
import { byOurClock, tellClockGap } from "./clock-gap.ts";
import type { Question } from "./https-fetch.ts";
import { findObject, objectOf, textOf, visible } from "./json-answer.ts";
import type { MadeValue } from "./source-maker.ts";
import { SourceFailure } from "./source-maker.ts";

export type Installation = Extract<Extract<LivingSource, { readonly kind: "jwt-bearer" }>["exchange"], { readonly kind: "github-installation" }>;

const ACCESS = ["read", "write", "admin"];
/** Every token has it: GitHub adds it by itself. */
const IMPLIED = "metadata";

export function askInstallation(asked: Installation, token: string): { readonly url: string; readonly question: Question } {
  const { repositories, permissions } = asked;
  const body = {
    ...(repositories.length === 0 ? {} : { repositories }),
    ...(permissions.length === 0 ? {} : { permissions: Object.fromEntries(permissions.map(({ name, access }) => [name, access])) }),
  };
  return {
    url: installationUrl(asked),
    question: {
      method: "POST",
      headers: { "accept": "application/vnd.github+json", "authorization": `Bearer ${token}`, "content-type": "application/json", "user-agent": "vaultrun", "x-github-api-version": "2022-11-28" },
      body: JSON.stringify(body),
    },
  };
}

/**
 * A token that may do more than was asked for is not taken: whoever narrowed it counts on that.
 *
 * @param gapMs by `clockGapOf`.
 * @throws SourceFailure `denied`, `bad-answer`.
 */
export function readInstallation(asked: Installation, status: number, text: string, gapMs: number): MadeValue {
  const answer = findObject(text);
  if (status !== 201) throw new SourceFailure({ reason: answer !== undefined && status >= 400 && status < 500 ? "denied" : "bad-answer", status, said: `${visible(answer?.["message"])}${tellClockGap(gapMs)}` });
  const [token, expires] = [textOf(answer?.["token"]), Date.parse(textOf(answer?.["expires_at"]) ?? "")];
  if (answer === undefined || token === undefined || Number.isNaN(expires)) throw new SourceFailure({ reason: "bad-answer", status, said: "" });
  const beyond = findBeyond(asked, answer);
  if (beyond !== undefined) throw new SourceFailure({ reason: "bad-answer", status, said: `the token that came may do more than was asked for: ${beyond}` });
  return { value: Secret.fromText(token), expiresMs: byOurClock(expires, gapMs) };
}

function findBeyond({ repositories, permissions }: Installation, answer: Readonly<Record<string, unknown>>): string | undefined {
  if (repositories.length > 0) {
    if (answer["repository_selection"] !== "selected" || !Array.isArray(answer["repositories"])) return "every repository";
    // Names are those of GitHub, whose letters' case does not count.
    const wanted = repositories.map((name) => name.toLowerCase());
    const other = answer["repositories"].map((repository) => visible(objectOf(repository)?.["name"], 100)).find((name) => !wanted.includes(name.toLowerCase()));
    if (other !== undefined) return `the repository "${other}"`;
  }
  if (permissions.length === 0) return undefined;
  const granted = Object.entries(objectOf(answer["permissions"]) ?? { all: "of them" });
  const wanted = new Map<string, number>(permissions.map(({ name, access }) => [name, ACCESS.indexOf(access)]));
  const other = granted.find(([name, access]) => !(name === IMPLIED && access === "read") && !(typeof access === "string" && ACCESS.includes(access) && ACCESS.indexOf(access) <= (wanted.get(name) ?? -1)));
  return other === undefined ? undefined : `${visible(other[0], 64)}: ${visible(other[1], 16)}`;
}
