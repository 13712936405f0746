import { findProgramsPath } from "../disk/programs-path.ts";
import type { VaultPaths } from "../paths.ts";
import type { Secret } from "../secret.ts";

/** What the application may ask of the world around it. The command line provides it. */
export interface Surroundings {
  readonly paths: VaultPaths;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** The vault's passphrase, from wherever the user gave it; undefined when there is nobody to ask. */
  readonly findPassphrase: () => Promise<Secret | undefined>;
  /** The file that holds it, where one was named. */
  readonly passphraseFile?: string | undefined;
  /** True when the user gave a passphrase with this very command, which then counts more than what an agent holds. */
  readonly hasGivenPassphrase: boolean;
  /** Whether a vault may be made where there is none; yes where it is left out. */
  readonly makesVault?: boolean;
  /** Shows, where a person looks, that this work takes its time. */
  readonly showWork: <T>(label: string, work: () => Promise<T>) => Promise<T>;
  /** Shows how far a work of many steps has come. */
  readonly showProgress: (label: string, done: number, total: number) => void;
  /** A line for the user that is not the answer. */
  readonly warn: (message: string) => void;
}

/** The same where nobody types a passphrase: in the middle of a run, for somebody far away, or for a mere look. */
export function withoutPassphrase(surroundings: Surroundings): Surroundings {
  return { ...surroundings, hasGivenPassphrase: false, findPassphrase: () => Promise.resolve(undefined) };
}

/** Of programs of the desktop's that vault starts: this process's own, with no folder of the project's on the PATH. */
export function desktopEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: findProgramsPath() };
}
