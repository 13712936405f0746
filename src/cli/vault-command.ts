import type { Config } from "@oclif/core";
import { Command, Flags } from "@oclif/core";
import { jsonLine } from "./output/json-line.ts";
import { answer } from "./output/terminal.ts";

/** What all commands share: `--json`, and one way to print an answer. */
export abstract class VaultCommand extends Command {
  static override baseFlags = {
    json: Flags.boolean({ description: "print one JSON object with stable keys", helpGroup: "GLOBAL" }),
  };

  /**
   * Runs the command without what the framework looks for first: hooks, plugins, deprecated names. There are none.
   *
   * @returns the status to end with, where the command has one of its own.
   */
  static async start(this: new (argv: string[], config: Config) => VaultCommand, argv: readonly string[], config: Config): Promise<unknown> {
    return new this([...argv], config)._run();
  }

  protected override init(): Promise<void> {
    return Promise.resolve();
  }

  /** Prints the answer: one JSON object, or the lines for a person. */
  protected answer(isJson: boolean, object: Record<string, unknown>, lines: readonly string[]): void {
    if (isJson) answer(jsonLine(object));
    else if (lines.length > 0) answer(lines.join("\n"));
  }

  /** Errors go to `main`, which knows how to print them; the framework would print argv and stacks. */
  protected override catch(error: Error): Promise<never> {
    return Promise.reject(error);
  }
}

/** For commands that make a vault where there is none. */
export const firstUseFlags = {
  "no-init": Flags.boolean({ description: "make no vault where there is none, but end with status 3" }),
};

/** For commands that may need the vault's key. The flag `--passphrase` never reaches the framework: see `argv-secrets.ts`. */
export const passphraseFlags = {
  "passphrase-file": Flags.string({ description: "read the passphrase from a file, - for stdin", helpValue: "FILE" }),
  passphrase: Flags.string({ description: "the passphrase itself: seen by other users for a moment; prefer the file, VAULT_PASSPHRASE or the prompt", helpValue: "X" }),
};
