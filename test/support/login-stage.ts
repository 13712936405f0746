// The built program, a vault with a login in it (LOGIN), and the authorization server that the login is at.
import { makeHomeIn } from "./home.ts";
import type { Home } from "./home.ts";
import type { AuthorizationOptions, AuthorizationServer } from "./authorization-server.ts";
import { openAuthorizationServer } from "./authorization-server.ts";
import type { BuiltVault } from "./built-vault.ts";
import { openBuiltVault } from "./built-vault.ts";
import { addLogin, replaceLogin } from "./login-secret.ts";

export interface LoginStage {
  readonly server: AuthorizationServer;
  readonly built: BuiltVault;
  readonly surroundings: Home["surroundings"];
  /** The refresh token that the login began with. */
  readonly first: string;
  /** Asks the host that the login is bound to; says the status. */
  readonly fetching: string;
  readonly logInAgain: () => Promise<string>;
  close(): Promise<void>;
}

/** Whoever looks for what must not be anywhere looks for this. */
export const CLIENT_SECRET = "client-secret-0123456789-never-seen";

export async function openLoginStage(options: AuthorizationOptions = {}): Promise<LoginStage> {
  const server = await openAuthorizationServer(options);
  const built = openBuiltVault(server.apiHost, "stored-value-0123456789", server.certificate);
  const { surroundings } = makeHomeIn(built.folder, { VAULT_DIR: `${built.folder}/vault` });
  const first = await server.logIn();
  const sealed = { roots: server.certificate, clientSecret: CLIENT_SECRET };
  await addLogin(surroundings, { name: "LOGIN", host: server.apiHost, source: server.source, sealed: { ...sealed, refreshToken: first } });
  return {
    server,
    built,
    surroundings,
    first,
    fetching: `curl -sS -o /dev/null -w '%{http_code}\\n' -H "Authorization: Bearer $LOGIN" https://${server.apiHost}/`,
    async logInAgain() {
      const refreshToken = await server.logIn();
      await replaceLogin(surroundings, { name: "LOGIN", source: server.source, sealed: { ...sealed, refreshToken } });
      return refreshToken;
    },
    async close() {
      built.close();
      await server.close();
    },
  };
}
