import { describe, expect, test } from "vitest";
import { findMeantAuthority } from "../../../src/wall/net/meant-authority.ts";
import { NAMES_MAX, openNameTable } from "../../../src/wall/net/name-table.ts";

describe("a table of names", () => {
  test("gives each name an address of its own, the same again, and knows the name by it", () => {
    const table = openNameTable(["api.example.test"]);
    const addresses = ["api.example.test", "a.test", "b.test", "a.test"].map(table.addressOf);
    expect(addresses).toEqual(["127.1.0.1", "127.1.0.2", "127.1.0.3", "127.1.0.2"]);
    expect(addresses.map((address) => table.nameOf(address ?? ""))).toEqual(["api.example.test", "a.test", "b.test", "a.test"]);
  });

  test("has none left when it is full: no address ever comes to mean another name, and what a secret is bound to has its own from the start", () => {
    const table = openNameTable(["api.example.test"]);
    for (let count = 0; count < 200_000; count += 1) table.addressOf(`n${count}.flood.test`);
    expect(table.size()).toBe(NAMES_MAX);
    expect(table.addressOf("late.example.test")).toBeUndefined();
    expect(table.addressOf("api.example.test")).toBe("127.1.0.1");
    expect(table.nameOf("127.1.0.1")).toBe("api.example.test");
    expect(table.addressOf("n0.flood.test")).toBe("127.1.0.2");
    const last = table.addressOf(`n${NAMES_MAX - 2}.flood.test`) ?? "";
    expect([last, table.nameOf(last)]).toEqual(["127.1.255.254", `n${NAMES_MAX - 2}.flood.test`]);
  });

  test.each(["127.1.0.0", "127.1.0.2", "127.1.255.255", "127.1.256.1", "127.1.999.999", "127.2.0.1", "127.1.1", "", "::1"])("knows no name by %j", (address) => {
    expect(openNameTable(["api.example.test"]).nameOf(address)).toBeUndefined();
  });
});

describe("a connection was meant for", () => {
  const table = openNameTable(["api.example.test"]);
  const meant = (localAddress: string | undefined, localPort: number | undefined = 443, bound = ""): unknown => findMeantAuthority({ localAddress, localPort }, table, ({ host, port }) => `${host} ${port}` === bound);

  test.each([
    ["127.1.0.1", "api.example.test"],
    ["::ffff:127.1.0.1", "api.example.test"],
    ["127.0.0.1", "localhost"],
    ["::1", "localhost"],
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8::7", "2001:db8::7"],
    ["169.254.169.254", "169.254.169.254"],
    ["127.0.0.53", "127.0.0.53"],
  ])("%s: %s", (address, host) => {
    expect(meant(address)).toEqual({ host, port: 443 });
  });

  test("the address of this machine where a secret is bound to that, and not to its name", () => {
    expect(meant("127.0.0.1", 8443, "127.0.0.1 8443")).toEqual({ host: "127.0.0.1", port: 8443 });
    expect(meant("127.0.0.1", 8444, "127.0.0.1 8443")).toEqual({ host: "localhost", port: 8444 });
    expect(meant("::1", 8443, "::1 8443")).toEqual({ host: "::1", port: 8443 });
  });

  test("nobody, where the address was given to no name, or is none", () => {
    expect([meant("127.1.0.9"), meant(undefined), meant(""), meant("fe80::1%lo"), findMeantAuthority({ localAddress: "127.1.0.1" }, table, () => false)]).toEqual(new Array(5).fill(undefined));
  });
});
