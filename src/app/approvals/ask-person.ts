// A program in a run asks its person for a secret or a host that it lacks, by way of its run's proxy.
import { request } from "node:http";
import { VaultError } from "../../errors.ts";
import { WISH_HOST } from "../../proxy/judge/run-gate.ts";
import { isRunProxy, isWalledProxy } from "../../run/clients/proxy-variables.ts";
import { isBehindWall } from "../keys/inside-run.ts";

/** Longer than a person has. */
const ANSWER_MS = 150_000;
const ANSWER_BYTES_MAX = 8 * 1024;

/**
 * Returns after a yes.
 *
 * @param variables of the program's environment.
 * @throws VaultError `usage` outside of a run; `not-accepted` for a no, or where nobody answers; `io`.
 */
export async function askPerson(variables: Readonly<Record<string, string | undefined>>, what: string, why: string): Promise<void> {
  const isProxy = isBehindWall() ? isWalledProxy : isRunProxy;
  const proxy = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"].map((name) => variables[name] ?? "").find(isProxy);
  if (proxy === undefined) throw new VaultError("usage", "this is not inside a run: vault ask is for its program", "vault run -- CMD");
  const { answer, reason } = parseReply(await fetchAnswer(new URL(proxy), `http://${WISH_HOST}/?${new URLSearchParams({ for: what, why }).toString()}`));
  if (answer === "yes") return;
  const said = answer === "no" ? "the person who started the run said no" : "nobody has answered";
  throw new VaultError("not-accepted", reason === "" ? said : `${said}: ${reason}`);
}

function fetchAnswer({ hostname, port, username, password }: URL, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (): void => { reject(new VaultError("io", "the run's proxy does not answer")); };
    const asking = request({ hostname, port, path, headers: { host: WISH_HOST, ...(username === "" ? {} : { "proxy-authorization": `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` }) }, timeout: ANSWER_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => { text = (text + chunk).slice(0, ANSWER_BYTES_MAX); });
      response.on("end", () => { resolve(text); }).on("error", fail);
    });
    asking.on("error", fail).on("timeout", () => { asking.destroy(); });
    asking.end();
  });
}

function parseReply(text: string): { readonly answer: string; readonly reason: string } {
  try {
    const { answer, reason } = JSON.parse(text) as { readonly answer?: unknown; readonly reason?: unknown };
    if (typeof answer === "string" && typeof reason === "string") return { answer, reason };
  } catch {
    // Below.
  }
  throw new VaultError("io", "the run's proxy has answered something else");
}
