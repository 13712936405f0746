// Who may use the proxy: only who has the run's token. The port is open to every user of the machine, and to web pages.
import { randomBytes } from "node:crypto";
import { equalBytes, utf8 } from "../../bytes.ts";

export interface ProxyAccess {
  /** 256 bits in hex. */
  readonly token: string;
  /** Judges a `Proxy-Authorization` header, in time that depends on its length only. */
  admits(header: string | undefined): boolean;
}

/** The name that goes with the token: clients want one. */
export const PROXY_USER = "vault";

const TOKEN_BYTES = 32;
const BASIC = /^Basic +/i;

/** @param token one that was made before. */
export function makeProxyAccess(token: string = randomBytes(TOKEN_BYTES).toString("hex")): ProxyAccess {
  const expected = utf8(Buffer.from(`${PROXY_USER}:${token}`).toString("base64"));
  return {
    token,
    admits: (header) => header !== undefined && BASIC.test(header) && equalBytes(utf8(header.replace(BASIC, "").trimEnd()), expected),
  };
}
