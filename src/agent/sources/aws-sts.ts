// The source `aws-sts`: temporary credentials of AWS, by a key pair or by a session of single sign-on.
import type { StsSource } from "./aws-credentials.ts";
import { askSignOn, askSts, readSignOn, readSts } from "./aws-credentials.ts";
import { clockGapOf } from "./clock-gap.ts";
import { limitedFetch } from "./https-fetch.ts";
import { parseKeyPair, parseSignOn } from "./sealed-key.ts";
import type { MadeValue, MakeOrder } from "./source-maker.ts";

/** @throws SourceFailure. */
export async function makeByAwsSts({ source, sealed, nowMs, signal }: MakeOrder<StsSource>): Promise<MadeValue> {
  if (source.obtain.kind === "sso") {
    const session = parseSignOn(sealed);
    const { url, question } = askSignOn(source, source.obtain, session);
    const answer = await limitedFetch({ roots: session.roots, signal })(url, question);
    return readSignOn(answer.status, await answer.text(), clockGapOf(answer.headers, nowMs));
  }
  const pair = parseKeyPair(sealed);
  const { url, question } = askSts(source, pair, nowMs);
  const answer = await limitedFetch({ roots: pair.roots, signal })(url, question);
  return readSts(answer.status, await answer.text(), clockGapOf(answer.headers, nowMs));
}
