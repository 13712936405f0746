// Which maker a source has.
import { makeByCommand } from "./command.ts";
import { makeByReference } from "./reference.ts";
import type { MadeValue, MakeOrder } from "./source-maker.ts";

/** @throws SourceFailure. */
export async function makeValue({ source, ...order }: MakeOrder): Promise<MadeValue> {
  switch (source.kind) {
    case "command":
      return makeByCommand({ source, ...order });
    case "reference":
      return makeByReference({ source, ...order });
    case "oauth2":
      // Programs that ask no token endpoint do not wait for what it takes.
      return (await import("./oauth2.ts")).makeByOauth2({ source, ...order });
  }
}
