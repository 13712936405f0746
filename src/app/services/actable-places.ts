// Places that a user asks for, and in which nothing would ever be put in: said when they are asked for, and not by a request that fails.
import { VaultError } from "../../errors.ts";
import { whyNoKeyIn } from "../../proxy/grants/credential-header.ts";
import type { Service } from "../../services/entry.ts";
import type { Place } from "../../vault/place.ts";

/** @throws VaultError `usage` for a header that others get to read. */
export function requireKeyHeaders(places: readonly Place[]): void {
  for (const place of places) {
    const header = place.startsWith("header:") ? place.slice("header:".length) : "";
    const why = header === "" ? undefined : whyNoKeyIn(header);
    if (why !== undefined) throw new VaultError("usage", `no secret is put into the header "${header}": ${why}`, "name a header that the host reads a key from; which that is: vault services show ID");
  }
}

/** @throws VaultError `usage` where a secret of this service is to stand in the query or the path, and the service takes it in none. */
export function requireTaken(places: readonly Place[], { id, credentials }: Service): void {
  const untaken = (["query", "path"] as const).find((kind) => places.includes(kind) && !credentials.some(({ place }) => place === kind));
  if (untaken === undefined) return;
  const hint = untaken === "query" ? "name the parameter: --inject query:NAME" : `where it does: vault services show ${id}`;
  throw new VaultError("usage", `"${id}" takes its keys in no ${untaken}`, hint);
}
