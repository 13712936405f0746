// `vault run --broker`: what of run's flags goes there, and what a machine without values cannot do.
import type { BrokeredOptions } from "../app/runs/brokered-run.ts";
import type { Surroundings } from "../app/surroundings.ts";
import { VaultError } from "../errors.ts";
import { readPem } from "./input/broker-flags.ts";
import { note } from "./output/terminal.ts";

/** A flag that is not given has no value, whatever its type in the framework says. */
export interface GivenBrokerFlags {
  readonly identity?: string | undefined;
  readonly "broker-ca"?: string | undefined;
  readonly "broker-vault"?: string | undefined;
  readonly "deny-unmatched": boolean | undefined;
  readonly strict: boolean | undefined;
  readonly log?: string | undefined;
  readonly summary: boolean | undefined;
  readonly "fresh-placeholders": boolean | undefined;
  readonly redact: boolean | undefined;
  readonly dotenv?: readonly string[] | undefined;
  readonly "upstream-ca"?: readonly string[] | undefined;
}

interface Named extends Pick<BrokeredOptions, "command" | "args" | "viewpoint" | "selections" | "project" | "narrowing" | "wall"> {
  /** Whether the project's file refuses hosts that no secret is bound to. */
  readonly deniesUnmatched: boolean;
}

/** @returns the program's status. @throws VaultError `usage` for flags that need values or keys here, and as `runBrokered`. */
export async function runAtBroker(surroundings: Surroundings, url: string, flags: GivenBrokerFlags, { deniesUnmatched, ...named }: Named): Promise<number> {
  if (flags.redact === true) throw new VaultError("usage", "--redact needs the values, and with --broker this machine has none", "leave one of the two out");
  if (flags.dotenv !== undefined) throw new VaultError("usage", "--dotenv looks for the vault's values in the file, and with --broker this machine has none", "leave one of the two out");
  if (flags["upstream-ca"] !== undefined) throw new VaultError("usage", "--upstream-ca is for who dials the hosts, and with --broker that is the broker", "vault serve --upstream-ca FILE");
  const ca = flags["broker-ca"];
  const { openBroker } = await import("../app/broker/open-broker.ts");
  const { runBrokered } = await import("../app/runs/brokered-run.ts");
  const { client } = await openBroker(surroundings, { url, handle: flags.identity ?? "", roots: ca === undefined ? undefined : [await readPem("--broker-ca", ca)] });
  return runBrokered(surroundings, client, {
    ...named,
    vault: flags["broker-vault"],
    denyUnmatched: flags["deny-unmatched"] === true || deniesUnmatched,
    strict: flags.strict === true,
    logFile: flags.log,
    tellSummary: flags.summary === true ? (lines) => { note(lines.join("\n")); } : undefined,
    freshPlaceholders: flags["fresh-placeholders"] === true,
  });
}
