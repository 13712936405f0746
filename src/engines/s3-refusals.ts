// What S3 and its like say when they refuse, by the codes of their errors: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. Their texts are never shown.
import type { Cause } from "./unavailable.ts";

const REGION_HINT = "write the bucket's region into the store's address: ?region=…";
const KEYS_HINT = "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
const UNKNOWN_KEY: Cause = { cause: "it does not know the access key", hint: KEYS_HINT };
const TOKEN: Cause = { cause: "the session token is not good any more", hint: "get new keys, with AWS_SESSION_TOKEN" };
const LATER: Cause = { cause: "it is overloaded", hint: "try again in a moment" };
const UNCONDITIONAL: Cause = { cause: "it does not write on a condition (If-Match, If-None-Match), without which two machines would overwrite each other's changes", hint: "keep the vault at a store that does, as Amazon S3, Cloudflare R2 and MinIO do" };

/** No refusal, but the answer to a question for what is not there. */
export const noObject: Cause = { cause: "there is no such object" };

const REFUSALS: Readonly<Record<string, Cause>> = {
  AccessDenied: { cause: "the keys may not do this", hint: "they need s3:GetObject, s3:PutObject and s3:ListBucket" },
  AllAccessDisabled: { cause: "the keys may not do this" },
  InvalidAccessKeyId: UNKNOWN_KEY,
  XAdminUserNotFound: UNKNOWN_KEY,
  SignatureDoesNotMatch: { cause: "it refuses the secret access key", hint: KEYS_HINT },
  ExpiredToken: TOKEN,
  InvalidToken: TOKEN,
  TokenRefreshRequired: TOKEN,
  RequestTimeTooSkewed: { cause: "this machine's clock and its own differ by more than 15 minutes", hint: "set this machine's clock" },
  RequestExpired: { cause: "this machine's clock and its own differ by too much", hint: "set this machine's clock" },
  NoSuchKey: noObject,
  NoSuchBucket: { cause: "there is no bucket of this name", hint: "make it, or look at the store's address" },
  PermanentRedirect: { cause: "the bucket is in another region", hint: REGION_HINT },
  TemporaryRedirect: { cause: "the bucket is in another region", hint: REGION_HINT },
  AuthorizationHeaderMalformed: { cause: "the bucket is in another region", hint: REGION_HINT },
  InvalidRegion: { cause: "the bucket is in another region", hint: REGION_HINT },
  SlowDown: LATER,
  ServiceUnavailable: LATER,
  RequestTimeout: LATER,
  QuotaExceeded: { cause: "it has no room left" },
  InsufficientStorage: { cause: "it has no room left" },
  NoSpaceLeftOnDevice: { cause: "it has no room left" },
  XMinioStorageFull: { cause: "it has no room left" },
  EntityTooLarge: { cause: "it takes no object so large" },
  NotImplemented: UNCONDITIONAL,
  InvalidObjectState: { cause: "the object is archived" },
};

export const strangeAnswer: Cause = { cause: "what answers there is no S3, or one that says what none says" };
export const unconditional: Cause = UNCONDITIONAL;
export const contested: Cause = { cause: "others write the same object again and again", hint: "try again in a moment" };

/** @param body of the answer; what is no error of S3's is told by its status. */
export function refusalOf(status: number, body: Uint8Array): Cause {
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(new TextDecoder().decode(body.subarray(0, 4096)))?.[1] ?? "";
  return REFUSALS[code] ?? (status === 503 ? LATER : status === 507 ? REFUSALS["QuotaExceeded"] : undefined) ?? { cause: `it refused with the status ${status}` };
}
