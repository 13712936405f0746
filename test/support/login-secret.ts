// Puts a login into a vault, as it is when a person has logged in.
import { encodeSealedLogin } from "../../src/agent/sources/sealed-login.ts";
import type { SealedLogin } from "../../src/agent/sources/sealed-login.ts";
import { createSecret, rotateSecret } from "../../src/app/secrets/secrets.ts";
import type { Surroundings } from "../../src/app/surroundings.ts";
import type { SecretRecord } from "../../src/vault/record.ts";
import type { LivingSource } from "../../src/vault/source.ts";

export interface Login {
  readonly name: string;
  /** Such as `localhost:8443`. */
  readonly host: string;
  readonly source: LivingSource;
  readonly sealed: Partial<SealedLogin>;
}

export function addLogin(surroundings: Surroundings, { name, host, source, sealed }: Login): Promise<SecretRecord> {
  const secret = { name, scope: { kind: "global" }, service: undefined, hosts: [host], places: ["header"], allowPrivate: true, source } as const;
  return createSecret(surroundings, secret, () => Promise.resolve(seal(sealed)));
}

/** The same secret after another login. */
export function replaceLogin(surroundings: Surroundings, { name, source, sealed }: Omit<Login, "host">): Promise<SecretRecord> {
  return rotateSecret(surroundings, name, undefined, () => Promise.resolve(seal(sealed)), source);
}

function seal(sealed: Partial<SealedLogin>): ReturnType<typeof encodeSealedLogin> {
  return encodeSealedLogin({ refreshToken: null, clientSecret: null, roots: null, access: null, ...sealed });
}
