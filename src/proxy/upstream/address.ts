// What kind of place an IP address is. Addresses that carry another one inside (v4-mapped, NAT64, 6to4) are judged with what they carry.
import { BlockList, isIPv6 } from "node:net";

/** `metadata` addresses hand out a cloud machine's own credentials. */
export type AddressKind = "public" | "private" | "loopback" | "unspecified" | "metadata";

/** AWS, ECS, EKS, Azure's wire server, Alibaba, Oracle; most clouds share the first. */
const METADATA_V4 = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200", "192.0.0.192"];
const METADATA_V6 = ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"];
const METADATA_NAMES = new Set(["metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal", "instance-data", "instance-data.ec2.internal"]);

/** Not globally reachable (IANA special-purpose registries, RFC 6890), and multicast. */
const PRIVATE_V4 = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"];
/** Also whatever tunnels to somewhere else: v4-compatible and v4-mapped, NAT64, Teredo, 6to4. */
const PRIVATE_V6 = ["::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"];

const privateV4 = blockListOf(PRIVATE_V4, "ipv4");
const privateV6 = blockListOf(PRIVATE_V6, "ipv6");
const loopbackV4 = blockListOf(["127.0.0.0/8"], "ipv4");
const metadataV4 = blockListOf(METADATA_V4.map((address) => `${address}/32`), "ipv4");
const metadataV6 = blockListOf(METADATA_V6.map((address) => `${address}/128`), "ipv6");

/** @param address an IPv4 or IPv6 address in any textual form that `net.isIP` takes. */
export function classifyAddress(address: string): AddressKind {
  if (!isIPv6(address)) return classifyV4(address);
  const plain = address.replace(/%.*$/, "");
  if (metadataV6.check(plain, "ipv6")) return "metadata";
  const groups = expand(plain);
  const embedded = embeddedV4(groups);
  if (embedded !== undefined) {
    const inner = classifyV4(embedded);
    return inner === "public" ? "private" : inner;
  }
  if (groups.every((group) => group === 0)) return "unspecified";
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return "loopback";
  return privateV6.check(plain, "ipv6") ? "private" : "public";
}

/** The IPv4 address that an IPv6 address carries inside, by whichever way; undefined where it carries none. */
export function findCarriedV4(address: string): string | undefined {
  return isIPv6(address) ? embeddedV4(expand(address.replace(/%.*$/, ""))) : undefined;
}

/** @param host canonical (`vault/host.ts`). */
export function isMetadataName(host: string): boolean {
  return METADATA_NAMES.has(host);
}

function classifyV4(address: string): AddressKind {
  if (metadataV4.check(address, "ipv4")) return "metadata";
  if (loopbackV4.check(address, "ipv4")) return "loopback";
  if (address === "0.0.0.0") return "unspecified";
  return privateV4.check(address, "ipv4") ? "private" : "public";
}

/** The eight groups of an IPv6 address. */
function expand(address: string): number[] {
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = text.split("::");
  const parse = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => parseInt(group, 16)));
  const [left, right] = [parse(head), parse(tail ?? "")];
  return tail === undefined ? left : [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** The IPv4 address inside a v4-mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056) or v4-compatible address; `::` and `::1` carry none. */
function embeddedV4(groups: readonly number[]): string | undefined {
  const at = (index: number): number => groups[index] ?? 0;
  const startsWith = (...prefix: readonly number[]): boolean => prefix.every((group, index) => at(index) === group);
  if (startsWith(0x2002)) return dotted(at(1), at(2));
  if (startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0x64, 0xff9b, 0, 0, 0, 0)) return dotted(at(6), at(7));
  if (startsWith(0, 0, 0, 0, 0, 0) && at(6) !== 0) return dotted(at(6), at(7));
  return undefined;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

function blockListOf(ranges: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", bits = ""] = range.split("/");
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
