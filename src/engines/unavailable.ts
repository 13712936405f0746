// Why a store cannot be used, in words of our own: what drivers and servers say may quote a password, and comes from outside.
import { VaultError, systemErrorCode } from "../errors.ts";

/** What is told of a failure: a cause for the message, and what to do. */
export interface Cause {
  readonly cause: string;
  readonly hint?: string | undefined;
}

const CERTIFICATE_HINT = "name the authority that vouches for it with ?ca=FILE in the store's address";

/** By Node's code of an error of a socket, of a look-up or of TLS. */
const CAUSES: Readonly<Record<string, Cause>> = {
  ECONNREFUSED: { cause: "nothing listens there" },
  ECONNRESET: { cause: "the connection was cut" },
  EPIPE: { cause: "the connection was cut" },
  ECONNABORTED: { cause: "the connection was cut" },
  ETIMEDOUT: { cause: "no answer in time" },
  ENOTFOUND: { cause: "its name is not found" },
  EAI_AGAIN: { cause: "its name cannot be looked up now" },
  EHOSTUNREACH: { cause: "there is no way to it" },
  ENETUNREACH: { cause: "there is no way to it" },
  EACCES: { cause: "this system does not let us connect" },
  EPERM: { cause: "this system does not let us connect" },
  EMFILE: { cause: "too many files are open here" },
  CERT_HAS_EXPIRED: { cause: "its certificate has expired", hint: "have it renewed, and look at this machine's clock" },
  CERT_NOT_YET_VALID: { cause: "its certificate is not valid yet", hint: "look at this machine's clock" },
  ERR_TLS_CERT_ALTNAME_INVALID: { cause: "its certificate is for another host", hint: "write the host as the certificate has it" },
  DEPTH_ZERO_SELF_SIGNED_CERT: { cause: "nobody vouches for its certificate", hint: CERTIFICATE_HINT },
  SELF_SIGNED_CERT_IN_CHAIN: { cause: "nobody that is known here vouches for its certificate", hint: CERTIFICATE_HINT },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { cause: "nobody that is known here vouches for its certificate", hint: CERTIFICATE_HINT },
  UNABLE_TO_GET_ISSUER_CERT: { cause: "nobody that is known here vouches for its certificate", hint: CERTIFICATE_HINT },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { cause: "nobody that is known here vouches for its certificate", hint: CERTIFICATE_HINT },
  ERR_SSL_WRONG_VERSION_NUMBER: { cause: "it does not speak TLS there" },
};

/** @param where the locator without a password. */
export function unavailable(where: string, { cause, hint }: Cause): VaultError {
  return new VaultError("store-unavailable", `the store "${where}" cannot be used: ${cause}`, hint);
}

/** For an error of Node's: of a socket, of a look-up or of TLS. */
export function causeOf(error: unknown): Cause {
  const code = systemErrorCode(error) ?? "";
  const known = CAUSES[code];
  if (known !== undefined) return known;
  // Several addresses were tried, and each has a reason of its own: the first tells enough.
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|INVALID_|HOSTNAME_|PATH_LENGTH)/.test(code)) return { cause: "its TLS is not to be trusted", hint: CERTIFICATE_HINT };
  return { cause: "the connection failed" };
}

/** What was thrown as what is told: our own errors as they are, all others by their cause. */
export function told(where: string, error: unknown): VaultError {
  return error instanceof VaultError ? error : unavailable(where, causeOf(error));
}
