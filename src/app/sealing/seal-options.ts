// What sealing a file takes, apart from what does it: the command line's flags are made of this, and load nothing else.
import type { Form } from "../../sealed/claim.ts";

export const FORMAT_NAMES = ["json", "yaml", "dotenv"] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** Of a file that is read, and of one that is written. */
export const SEALED_FILE_BYTES_MAX = 64 * 1024 * 1024;

/** A file as it was read. */
export interface FileToSeal {
  /** `-` for stdin, which can only be opened. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The names of variables that hold keys, the newest key's first. Undefined: the vault's own secret. */
export type KeyVariables = readonly string[] | undefined;

export interface SealOptions {
  readonly variables: KeyVariables;
  /** Undefined: as the file's name tells. */
  readonly format: FormatName | undefined;
  readonly form: Form | undefined;
  /** Whether a file of the first form is opened although it has a name: while it moves to the second. */
  readonly opensFirstForm: boolean;
  /** What the file's users call it, bound into each field. */
  readonly name: string | undefined;
  readonly strict: boolean;
}
