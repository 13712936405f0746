// The one failure of a wall after which it can be made anew.
import { VaultError } from "../../errors.ts";

/** A program's space did not come to stand as it should, and nothing was started in it: the disk has changed since it was looked at, or bubblewrap could not make the space, which may have that reason. */
export class SpaceNotMade extends VaultError {
  constructor(message: string, hint?: string) {
    super("io", message, hint);
  }
}
