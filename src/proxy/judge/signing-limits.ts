// What a run does not sign anew, though it could: requests for another time, or for another service than the one that answers there. Who answers at a bound host may be the program's
// accomplice, and keeps what it was sent: the session's token, and a signature that is to be of no use elsewhere or later.

/** As AWS allows. */
const SKEW_MS_MAX = 15 * 60_000;

/** The time now, by this machine's clock and by AWS's own, which its clients follow where the two differ. */
export interface AwsClock {
  /** @param headers of an answer: names and values alternate. */
  hear(host: string, headers: readonly string[]): void;
  /** @param time `20260131T090000Z`. */
  isNow(time: string): boolean;
}

export function openAwsClock(nowMs: () => number = Date.now): AwsClock {
  let aheadMs = 0;
  return {
    hear(host, headers) {
      // Any other host could have the program's requests signed for a time of its choosing.
      if (!isOfAws(host)) return;
      const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "date");
      const dateMs = at < 0 ? Number.NaN : Date.parse(headers[at + 1] ?? "");
      if (!Number.isNaN(dateMs)) aheadMs = dateMs - nowMs();
    },
    isNow(time) {
      const awayMs = parseTime(time) - nowMs();
      return Math.abs(awayMs) <= SKEW_MS_MAX || Math.abs(awayMs - aheadMs) <= SKEW_MS_MAX;
    },
  };
}

function parseTime(time: string): number {
  return Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

const AWS = /\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws|on\.aws)$/;
const REGION = /^(?:s3-)?(?<region>[a-z]{2,4}(?:-[a-z]+)+-\d{1,2})$/;
/** Doors behind which customers' own code answers, and the service that has to be asked there. */
const DOORS: Readonly<Record<string, string>> = { "execute-api": "execute-api", "lambda-url": "lambda", "appsync-api": "appsync", "appsync-realtime-api": "appsync", es: "es", aoss: "aoss" };
/** Load balancers and machines of customers. */
const MACHINES = /^(?:elb|compute(?:-\d)?)$/;

/** Whether a signature of this scope is one for this host. Of hosts that are not AWS's own nothing is known. */
export function isScopeOf(host: string, { region, service }: { readonly region: string; readonly service: string }): boolean {
  const labels = labelsAtAws(host);
  const door = labels.find((label) => Object.hasOwn(DOORS, label));
  const named = labels.flatMap((label) => REGION.exec(label)?.groups?.["region"] ?? []).at(-1);
  return (door === undefined || DOORS[door] === service) && (named === undefined || named === region);
}

/** Whether AWS itself answers there, and not a customer. */
function isOfAws(host: string): boolean {
  const labels = labelsAtAws(host);
  return labels.length > 0 && !labels.some((label) => Object.hasOwn(DOORS, label) || MACHINES.test(label));
}

/** The two before AWS's own, such as `sqs.eu-west-1`, `execute-api.eu-west-1` or `eu-west-1.es`; none for another host. What stands before S3 is a bucket's name, whatever it looks like. */
function labelsAtAws(host: string): readonly string[] {
  const suffix = AWS.exec(host)?.[0];
  const labels = suffix === undefined ? [] : host.slice(0, -suffix.length).split(".").filter((label) => label !== "vpce" && label !== "dualstack").slice(-2);
  const s3 = labels.findLastIndex((label) => /^s3(?:-|$)/.test(label));
  return s3 < 0 ? labels : labels.slice(s3);
}
