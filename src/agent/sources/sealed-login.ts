// What the vault has sealed of a login (FORMAT.md, "Sealed values of sources"): what its next token is asked for with.
import { findText } from "../../bytes.ts";
import { Secret } from "../../secret.ts";
import type { FormOf } from "../../vault/json-form.ts";
import { members, nullable, textOf } from "../../vault/json-form.ts";
import { parseTime } from "../../vault/json-shape.ts";
import { SourceFailure } from "./source-maker.ts";

const token = textOf(/^[\x20-\x7e]{1,32768}$/);
const form = members({
  refreshToken: nullable(token),
  clientSecret: nullable(textOf(/^[\x0a\x0d\x20-\x7e]{1,16384}$/)),
  roots: nullable(textOf(/^[\x09\x0a\x0d\x20-\x7e]{1,32768}$/)),
  access: nullable(members({ token, expiresAt: nullable(parseTime) })),
});

/** `clientSecret`: with `private-key-jwt`, the private key (PKCS #8 in PEM). `roots`: PEM, trusted besides what Node trusts. `access`: where the server gives no refresh token, its access token. */
export type SealedLogin = FormOf<typeof form>;

/** @throws VaultError `bad-schema` for a login that could not be used. */
export function encodeSealedLogin(login: SealedLogin): Secret {
  return Secret.fromText(JSON.stringify(form(login, "the login")));
}

/** @throws SourceFailure `bad-order`. No error of the form goes on: it may quote what was sealed. */
export function parseSealedLogin(sealed: Secret): SealedLogin {
  try {
    return form(JSON.parse(findText(sealed.reveal()) ?? ""), "the login");
  } catch {
    throw new SourceFailure({ reason: "bad-order", said: "" });
  }
}
