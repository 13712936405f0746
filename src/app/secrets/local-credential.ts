// Credentials that the proxy can put nowhere: said when they are to go into the vault, and not by a program that fails later.
import type { LocalUse } from "../../env-files/local-use.ts";
import { findLocalUse } from "../../env-files/local-use.ts";
import { findCanonicalBinding } from "../../vault/host.ts";

/** What listens there by convention, and speaks no HTTP. */
const OTHER_PROTOCOLS: ReadonlyMap<number, string> = new Map([[25, "SMTP"], [465, "SMTP"], [587, "SMTP"], [1433, "SQL Server"], [3306, "MySQL"], [5432, "PostgreSQL"], [5672, "AMQP"], [6379, "Redis"], [27017, "MongoDB"]]);

/** Why no placeholder can stand for it: goes on after the credential's name. */
export function describeLocalUse(use: LocalUse): string {
  switch (use) {
    case "connection":
      return "is the password of a connection that is no HTTP request, a database's say, which no placeholder opens";
    case "signing":
      return "signs or checks something in the program itself, which a placeholder would do wrongly";
    case "private-key":
      return "is a private key, which the program itself signs with, and no placeholder can";
    case "service-account":
      return "is a service account, whose private key the program itself signs with, and no placeholder can; a secret of the kind jwt-bearer has tokens made of it (vault secrets create GOOGLE --source jwt-bearer --from-file FILE --oauth-scope …)";
    case "aws-signing":
      return "signs requests to AWS in the program itself, and no placeholder can; a secret of the kind aws-sts has the run sign (vault secrets create AWS --source aws-sts --role ARN …), and Amazon Bedrock takes AWS_BEARER_TOKEN_BEDROCK";
  }
}

/** What to tell whoever makes a secret with that name and those hosts. @param hosts canonical texts of bindings. */
export function adviceOnNew(name: string, hosts: readonly string[]): string[] {
  const use = findLocalUse(name, "");
  const odd = hosts.flatMap((host) => {
    const protocol = OTHER_PROTOCOLS.get(findCanonicalBinding(host)?.port ?? 0);
    return protocol === undefined ? [] : [`${host} speaks ${protocol}, and vault puts values into HTTP requests alone: "${name}" would be of no use there`];
  });
  const local = use === undefined ? [] : [`"${name}", by its name, ${describeLocalUse(use)}`];
  return local.length + odd.length === 0 ? [] : [...local, ...odd, `a program gets "${name}" as it is from a file: vault run --dotenv FILE --expose ${name} -- CMD`];
}
