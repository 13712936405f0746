// The providers that this program brings along.
import { VaultError } from "../errors.ts";
import { BUNDLED } from "./bundled.ts";
import type { Provider } from "./entry.ts";
import { parseProvider } from "./entry.ts";

/** All of them, sorted by id. */
export function listProviders(): Provider[] {
  return BUNDLED.map(parseProvider).sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function findProvider(id: string): Provider | undefined {
  const entry = BUNDLED.find((one) => one.id === id);
  return entry === undefined ? undefined : parseProvider(entry);
}

/** @throws VaultError `not-found`. */
export function getProvider(id: string): Provider {
  const provider = findProvider(id);
  if (provider === undefined) throw new VaultError("not-found", `there is no provider "${id}"`, "those that are known: vault login --list; any other server: vault login --issuer URL");
  return provider;
}
