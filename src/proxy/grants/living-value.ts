import type { Secret } from "../../secret.ts";

/**
 * The life of a grant's value that may change during the run, behind one placeholder. `Grant.value` is the value of the moment, empty before the first: its bytes are replaced.
 * Nothing here says why there is no value: that is for the person, and not for the program.
 */
export interface LivingValue {
  /** Whether it is made when it is needed, so that another can be had in the place of one that a host refuses. */
  readonly isMade: boolean;
  /** Grows by one with each other value. */
  readonly generation: () => number;
  /** Whether the value of the moment may be used. Cheap. */
  readonly isGood: () => boolean;
  /** Whether it has to be asked for before it is used. Cheap. */
  readonly isDue: () => boolean;
  /** Asks for it. Never rejects; `isGood` tells what came of it. */
  readonly prepare: () => Promise<void>;
  /** A host has refused the value of that generation. Never rejects. @returns whether there is another one now. */
  readonly renewRefused: (generation: number) => Promise<boolean>;
  /** The same where the request is not sent again: the next one is to have another value, if there is one. */
  readonly noteRefused: (generation: number) => void;
  /** Those before it, the newest first: answers under way may hold them. */
  readonly earlier: () => readonly Secret[];
  /** Calls back when there is another value, before it is used. */
  readonly onRenewed: (listener: () => void) => void;
}

/** Whether the value of a grant has to be asked for first. */
export function isDue({ living }: { readonly living?: LivingValue | undefined }): boolean {
  return living?.isDue() === true;
}

/** Whether a grant has no value that may be used. */
export function isMissing({ living }: { readonly living?: LivingValue | undefined }): boolean {
  return living?.isGood() === false;
}
