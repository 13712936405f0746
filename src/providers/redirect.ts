// Where a browser is sent back to, as users register it with their clients: not to be changed.
import type { Redirect } from "./entry.ts";

/** For providers that compare the whole address. Below what systems give out by themselves. */
export const EXACT_PORT = 27_183;
export const REDIRECT_PATH = "/callback";

/** What is typed into the provider's settings. Without a port, any will do there. */
export function registeredRedirect({ host, exactPort }: Redirect): string {
  return `http://${host}${exactPort ? `:${EXACT_PORT}` : ""}${REDIRECT_PATH}`;
}
