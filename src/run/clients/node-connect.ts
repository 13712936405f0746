// CONNECT (RFC 9110 section 9.3.6), spoken without Node's http: a program that has no use for that is not to wait until it is loaded.
import type { Socket } from "node:net";

const OPENED = /^HTTP\/1\.1 200 [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n$/;
const ANSWER_CHARACTERS_MAX = 16_384;
const REASON_CHARACTERS_MAX = 500;

/**
 * Asks the proxy at the other end of `way`, which may still be connecting, for a tunnel.
 *
 * @param onOutcome is called once. Without an error, the tunnel is open: nothing was read from it, and nothing listens on `way`.
 */
export function connectTunnel(way: Socket, target: string, authorization: string, onOutcome: (error?: Error) => void): void {
  let answer = "";
  const settle = (error?: Error): void => {
    way.removeAllListeners();
    // Whatever is still to be heard of it must not end the program.
    way.on("error", () => undefined);
    if (error !== undefined) way.destroy();
    onOutcome(error);
  };
  way.on("data", (chunk: Buffer) => {
    answer += chunk.toString("latin1");
    if (OPENED.test(answer)) settle();
    else if (answer.length > ANSWER_CHARACTERS_MAX) settle(refusalOf(target, answer));
  });
  way.on("error", (error: NodeJS.ErrnoException) => {
    settle(failure(`the proxy of this run cannot be reached for ${target}: ${error.message}`, error.code ?? "ERR_PROXY_TUNNEL"));
  });
  // A refusal says why, and the connection ends behind it.
  way.on("close", () => {
    settle(refusalOf(target, answer));
  });
  way.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: ${authorization}\r\n\r\n`);
}

export function formatTarget(host: string, port: number): string {
  return `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}

function refusalOf(target: string, answer: string): Error {
  const [, status = "closed"] = /^HTTP\/1\.[01] ([0-9]{3})/.exec(answer) ?? [];
  const [, reason = ""] = /\r\n\r\n(.+)/.exec(answer) ?? [];
  return failure(`the proxy refused the connection to ${target} (${status})${reason === "" ? "" : `: ${reason.slice(0, REASON_CHARACTERS_MAX)}`}`, "ERR_PROXY_TUNNEL");
}

function failure(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
