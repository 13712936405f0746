// Which way a login goes. Pure.
import { VaultError } from "../../errors.ts";
import type { Flow } from "../../providers/entry.ts";
import type { LoginTarget } from "./login-target.ts";

export interface FlowWish {
  /** `--device`. */
  readonly wantsDevice: boolean;
  readonly hasBrowser: boolean;
}

/**
 * As the provider prefers it, where there is a browser. Without one, a code that is typed in elsewhere is the easier way; where there is no such way, the person brings a browser.
 *
 * @throws VaultError `usage` where it has not the way that was asked for; `no-value` where it has none.
 */
export function chooseFlow({ title, flows }: Pick<LoginTarget, "title" | "flows">, { wantsDevice, hasBrowser }: FlowWish): Flow {
  if (wantsDevice && !flows.includes("device")) throw new VaultError("usage", `${title} has no way to log in by a code`, "leave out --device: the address of its page is shown, for a browser of this machine");
  const [preferred] = flows;
  if (preferred === undefined) throw new VaultError("no-value", `${title} says of no way to log in that this program knows`);
  if (wantsDevice) return "device";
  return hasBrowser || !flows.includes("device") ? preferred : "device";
}
