// As which client somebody logs in: one of the user's, which he has named, one that the vault knows from the last time, or one that the server registers now.
import type { ClientProof } from "../../agent/sources/token-endpoint.ts";
import { VaultError } from "../../errors.ts";
import type { Flow } from "../../providers/entry.ts";
import { registeredRedirect } from "../../providers/redirect.ts";
import type { Secret } from "../../secret.ts";
import type { LoginTarget } from "./login-target.ts";

export interface LoginClient {
  readonly id: string;
  /** How it shows that it is that client. */
  readonly proof: "none" | "basic" | "post";
  /** There if and only if there is something to show. Whoever has it wipes it. */
  readonly secret: Secret | undefined;
}

export function proofOf({ proof, secret }: LoginClient): ClientProof {
  return proof === "none" ? { kind: "none" } : { kind: proof, secret: Buffer.from(secret?.reveal() ?? new Uint8Array()).toString() };
}

export interface ClientWish {
  /** As typed; undefined where nothing was. */
  readonly id: string | undefined;
  /** That of the last login under this name. */
  readonly remembered: LoginClient | undefined;
  /** Asks for the client's secret. @param isNeeded whether nothing goes without: otherwise what was given counts, and nobody is asked. */
  readonly findSecret: (isNeeded: boolean) => Promise<Secret | undefined>;
}

/** @returns undefined where the server is to register one. @throws VaultError `usage` where the user has to name one; what asking says. */
export async function findClient(target: Pick<LoginTarget, "title" | "client" | "provider" | "secretIn" | "redirect">, flow: Flow, { id, remembered, findSecret }: ClientWish): Promise<LoginClient | undefined> {
  const { title, client, secretIn } = target;
  // A client that was registered for the last login knows that one's port alone.
  if (id === undefined && client.from === "registration") return undefined;
  if (id === undefined && remembered !== undefined) return remembered;
  if (id === undefined) throw needsClient(target, flow);
  const isNeeded = client.from === "user" && (client.secret === "always" || client.secret === flow);
  const mayHave = client.from !== "user" || client.secret !== "none";
  const known = remembered?.id === id ? remembered : undefined;
  const given = await findSecret(isNeeded && known?.secret === undefined);
  if (given === undefined) return known ?? { id, proof: "none", secret: undefined };
  if (!mayHave) {
    given.wipe();
    throw new VaultError("usage", `a client of ${title} has no secret`, "leave out --client-secret-file");
  }
  return { id, proof: secretIn, secret: given };
}

function needsClient({ title, provider, client, redirect }: Pick<LoginTarget, "title" | "provider" | "client" | "redirect">, flow: Flow): VaultError {
  const sentBack = flow === "browser" ? ` The address that the browser is sent back to is ${registeredRedirect(redirect)}` : "";
  const command = provider === undefined ? "--client-id ID" : `vault login ${provider} --client-id ID`;
  if (client.from !== "user") return new VaultError("usage", `${title} registers no clients by itself, so that one of yours has to be named.${sentBack}`, `make one in its settings, then: ${command}`);
  return new VaultError("usage", `${title} has to be told which client this is, and you have to make one: ${client.advice}${sentBack}`, `make it at ${client.page}, then: ${command}`);
}
