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
    // Programs that ask no server do not wait for what it takes.
    case "oauth2":
      return (await import("./oauth2.ts")).makeByOauth2({ source, ...order });
    case "client-credentials":
      return (await import("./client-credentials.ts")).makeByClientCredentials({ source, ...order });
    case "jwt-bearer":
      return (await import("./jwt-bearer.ts")).makeByJwtBearer({ source, ...order });
    case "aws-sts":
      return (await import("./aws-sts.ts")).makeByAwsSts({ source, ...order });
  }
}
