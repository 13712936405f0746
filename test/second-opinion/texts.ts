// FORMAT.md, "Conventions" and "Hosts": texts that stand for times and hosts.
import { isIPv4 } from "node:net";
import { text } from "./grammar.ts";
import type { Form } from "./grammar.ts";

export const time: Form<string> = text((value) => {
  const date = new Date(value);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(date.getTime()) && date.toISOString() === value;
});

export const host: Form<string> = text((value) => {
  const parts = /^(?<wildcard>\*\.)?(?<host>\[[0-9a-f:]+\]|[a-z0-9._-]+):(?<port>[1-9][0-9]{0,4})$/.exec(value)?.groups;
  if (parts?.host === undefined || Number(parts.port) > 65_535) return false;
  if (parts.host.startsWith("[")) return parts.wildcard === undefined && isCanonicalIpv6(parts.host.slice(1, -1));
  if (isIPv4(parts.host)) return parts.wildcard === undefined;
  const labels = parts.host.split(".");
  return parts.host.length <= 253
    && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
    && !/^([0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")
    && (parts.wildcard === undefined || labels.length >= 2);
});

/** RFC 5952: no leading zeros, and `::` for the first of the longest runs of two zeros or more. */
function isCanonicalIpv6(address: string): boolean {
  const [head = "", tail, ...more] = address.split("::");
  if (more.length > 0) return false;
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return false;
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (!groups.every((group) => /^(0|[1-9a-f][0-9a-f]{0,3})$/.test(group))) return false;
  for (let run = 8; run >= 2; run--) {
    const at = groups.findIndex((_, start) => start + run <= 8 && groups.slice(start, start + run).every((group) => group === "0"));
    if (at >= 0) return address === `${groups.slice(0, at).join(":")}::${groups.slice(at + run).join(":")}`;
  }
  return address === groups.join(":");
}
