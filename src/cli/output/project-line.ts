// The one line that tells of a project's file, so that nobody is led by one without knowing.
import type { Need, Project } from "../../project/run-file.ts";
import { formatHostBinding } from "../../vault/host.ts";
import { visible } from "./visible-text.ts";

/** @param path of the file, as seen from where the user is. */
export function projectLine(path: string, { needs, denyUnmatched, strict, sandbox }: Project): string {
  const rules = [...(denyUnmatched ? ["deny-unmatched"] : []), ...(strict ? ["strict"] : []), ...(sandbox ? ["sandbox"] : [])];
  const secrets = needs === undefined ? "what it gets without the file" : needs.length === 0 ? "no secrets" : needs.map(describeNeed).join(", ");
  return `${visible(path)}: this run gets ${secrets}${rules.length === 0 ? "" : `; ${rules.join(", ")}`}`;
}

function describeNeed({ variable, secret, hosts, places }: Need): string {
  const limits = [...(hosts === undefined ? [] : [`at ${hosts.map(formatHostBinding).join(" ")}`]), ...(places === undefined ? [] : [`in ${places.join(" ")}`])];
  return `${variable === secret ? secret : `${variable}=${secret}`}${limits.length === 0 ? "" : ` (only ${limits.join(", ")})`}`;
}
