// What the vault has sealed of a secret whose value is minted: the key that mints it (FORMAT.md, "Sealed values of sources").
import { Secret } from "../../secret.ts";
import type { Form, FormOf } from "../../vault/json-form.ts";
import { members, nullable, textOf } from "../../vault/json-form.ts";
import { parseSealed } from "./sealed-order.ts";

const line = (lengthMax: number): Form<string> => textOf((text) => text.length <= lengthMax && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text));
const privateKey = textOf((text) => text.length <= 16_384 && /^-----BEGIN PRIVATE KEY-----\n(?:[A-Za-z0-9+/=]+\n)+-----END PRIVATE KEY-----\n$/.test(text));
const roots = nullable(textOf((text) => text.length <= 32_768 && text.startsWith("-----BEGIN CERTIFICATE-----\n")));

const clientSecretForm = members({ clientSecret: textOf((text) => text.length >= 1 && text.length <= 4096 && !text.includes("\0")), roots });
const privateKeyForm = members({ privateKey, roots });
const keyPairForm = members({ accessKeyId: line(128), secretAccessKey: line(256), sessionToken: nullable(line(8192)), roots });
const signOnForm = members({ accessToken: line(8192), roots });

export type SealedKeyPair = FormOf<typeof keyPairForm>;
export type SealedSignOn = FormOf<typeof signOnForm>;

const encodeBy = <T>(form: Form<T>) => (value: T): Secret => Secret.fromText(JSON.stringify(form(value, "what is sealed")));
const parseBy = <T>(form: Form<T>) => (sealed: Secret): T => parseSealed(sealed, form);

/** Each: @throws VaultError `bad-schema` for what is not in its form. */
export const encodeClientSecret = encodeBy(clientSecretForm);
export const encodePrivateKey = encodeBy(privateKeyForm);
export const encodeKeyPair = encodeBy(keyPairForm);
export const encodeSignOn = encodeBy(signOnForm);

/** Each: @throws SourceFailure `bad-order`. */
export const parseClientSecret = parseBy(clientSecretForm);
export const parsePrivateKey = parseBy(privateKeyForm);
export const parseKeyPair = parseBy(keyPairForm);
export const parseSignOn = parseBy(signOnForm);
