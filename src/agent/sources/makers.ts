// Which maker a source has.
import { makeByCommand } from "./command.ts";
import { makeByReference } from "./reference.ts";
import type { MadeValue, MakeOrder } from "./source-maker.ts";

/** @throws SourceFailure. */
export function makeValue({ source, ...order }: MakeOrder): Promise<MadeValue> {
  switch (source.kind) {
    case "command":
      return makeByCommand({ source, ...order });
    case "reference":
      return makeByReference({ source, ...order });
  }
}
