// A code that is typed in on any machine (RFC 8628): what is asked for, and how often one asks whether it was typed. Pure but for the loop, which is handed its clock.
import { VaultError } from "../../errors.ts";
import { isEndpoint } from "../../vault/source.ts";
import { findObject, visibleAscii } from "./said.ts";

/** What the person needs, and what the program asks with. */
export interface DeviceCode {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly page: string;
  /** The page that has the code in it already, where there is one. */
  readonly pageWithCode: string | undefined;
  readonly expiresMs: number;
  readonly intervalMs: number;
}

const SECOND_MS = 1000;
/** Where the server does not say (RFC 8628, section 3.2). */
const INTERVAL_S = 5;
const LIFE_S_MAX = 3600;
const INTERVAL_S_MAX = 60;

/** @param text the answer's body. @throws VaultError `no-value` for an answer that is none. */
export function readDeviceCode(title: string, status: number, text: string, nowMs: number): DeviceCode {
  const answer = findObject(text);
  const textOf = (name: string): string => (typeof answer[name] === "string" ? answer[name] : "");
  if (textOf("error") !== "") throw new VaultError("no-value", `${title} gave no code, and said: ${visibleAscii(textOf("error"), 64)}${textOf("error_description") === "" ? "" : ` (${visibleAscii(textOf("error_description"), 300)})`}`);
  // Google has called it `verification_url` since before the standard.
  const page = pageOf(textOf("verification_uri") || textOf("verification_url"));
  if (status !== 200 || textOf("device_code") === "" || page === undefined || !/^[\x21-\x7e][\x20-\x7e]{0,63}$/.test(textOf("user_code"))) throw new VaultError("no-value", `${title} gave no code to log in with (status ${status})`);
  return {
    deviceCode: textOf("device_code"),
    userCode: textOf("user_code"),
    page,
    pageWithCode: pageOf(textOf("verification_uri_complete")),
    expiresMs: nowMs + secondsOf(answer["expires_in"], 1, LIFE_S_MAX, LIFE_S_MAX) * SECOND_MS,
    intervalMs: secondsOf(answer["interval"], 1, INTERVAL_S_MAX, INTERVAL_S) * SECOND_MS,
  };
}

/** What an answer means for the asking: `again` in so many milliseconds, or `done`: it is one for `readGranted`. */
export type DeviceStep = { readonly kind: "again"; readonly intervalMs: number } | { readonly kind: "done" };

/** @throws VaultError `no-value` where the person said no, or the code is over. */
function nextStep(title: string, text: string, intervalMs: number): DeviceStep {
  switch (findObject(text)["error"]) {
    case "authorization_pending":
      return { kind: "again", intervalMs };
    case "slow_down":
      return { kind: "again", intervalMs: intervalMs + 5 * SECOND_MS };
    case "access_denied":
    // GitLab, and others before the standard.
    case "authorization_declined":
      throw new VaultError("no-value", `${title} gave no login: it was declined there`);
    case "expired_token":
    case "code_expired":
      throw codeIsOver(title);
    default:
      return { kind: "done" };
  }
}

export interface DeviceLoop {
  /** Asks once. @returns the body; undefined where nobody answered in time, which says nothing of the code. */
  readonly ask: () => Promise<string | undefined>;
  readonly wait: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
}

/** @returns the last answer. @throws VaultError `no-value`. */
export async function askUntilTyped(title: string, { intervalMs, expiresMs }: Pick<DeviceCode, "intervalMs" | "expiresMs">, { ask, wait, nowMs }: DeviceLoop): Promise<string> {
  for (let pauseMs = intervalMs; ; ) {
    await wait(pauseMs);
    if (nowMs() >= expiresMs) throw codeIsOver(title);
    const text = await ask();
    // RFC 8628, section 3.5: who gets no answer asks less often.
    if (text === undefined) {
      pauseMs = Math.min(pauseMs * 2, INTERVAL_S_MAX * SECOND_MS);
      continue;
    }
    const step = nextStep(title, text, pauseMs);
    if (step.kind === "done") return text;
    pauseMs = step.intervalMs;
  }
}

function codeIsOver(title: string): VaultError {
  return new VaultError("no-value", `the code for ${title} is over: nobody typed it in time`, "start the command again");
}

/** It goes to a terminal, and into a browser. */
function pageOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text).href : "";
  return isEndpoint(url) ? url : undefined;
}

function secondsOf(value: unknown, least: number, most: number, otherwise: number): number {
  const seconds = typeof value === "string" ? Number.parseFloat(value) : value;
  return typeof seconds === "number" && Number.isFinite(seconds) ? Math.min(Math.max(seconds, least), most) : otherwise;
}
