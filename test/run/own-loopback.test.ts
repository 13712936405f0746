import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { nameOwnLoopback } from "../../src/run/own-loopback.ts";
import { parseHostBinding } from "../../src/vault/host.ts";

const name = (variables: Readonly<Record<string, string>>, isTransparent: boolean, ...hosts: readonly string[]) => nameOwnLoopback(variables, hosts.map(parseHostBinding), isTransparent);
const ALL = "localhost,127.0.0.1";

describe("a walled program's own loopback", () => {
  test("is named in both cases, beside what is named there", () => {
    expect(name({ A: "1" }, true, "api.example.com")).toEqual({ A: "1", NO_PROXY: ALL, no_proxy: ALL });
    expect(name({ NO_PROXY: "a.test", npm_config_noproxy: "b.test", GLOBAL_AGENT_NO_PROXY: "" }, true)).toEqual({ NO_PROXY: `a.test,${ALL}`, no_proxy: `a.test,${ALL}`, npm_config_noproxy: `b.test,${ALL}`, GLOBAL_AGENT_NO_PROXY: ALL });
    expect(name({ NO_PROXY: "a.test", no_proxy: "b.test" }, false)).toEqual({ NO_PROXY: `a.test,${ALL}`, no_proxy: `b.test,${ALL}` });
  });

  test("is named where a secret is bound to it and arrives all the same", () => {
    for (const host of ["localhost:8443", "127.0.0.1:8443", "[::1]:8443"]) expect(name({}, true, host)).toMatchObject({ NO_PROXY: ALL });
    expect(name({}, true, "localhost:8443", "127.0.0.1:9443")).toMatchObject({ NO_PROXY: ALL });
  });

  test("is not where that would go astray", () => {
    for (const hosts of [["app.localhost:8443"], ["*.app.localhost:8443"], ["localhost:8443", "127.0.0.1:8443"], ["localhost:8443", "[::1]:8443"]]) expect(name({}, true, ...hosts)).toMatchObject({ NO_PROXY: "127.0.0.1" });
    expect(name({}, false, "localhost:8443")).toMatchObject({ NO_PROXY: "127.0.0.1" });
    expect(name({}, false, "127.0.0.1:8443")).toMatchObject({ no_proxy: "localhost" });
    expect(name({ NO_PROXY: "a.test" }, false, "localhost:1", "127.0.0.1:1", "[::1]:1")).toEqual({ NO_PROXY: "a.test" });
  });

  const python = (script: string, variables: Readonly<Record<string, string>> = {}): number | null => spawnSync("python3", ["-c", script], { env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...variables } }).status;
  test.skipIf(python("import httpx") !== 0)("can be read by httpx, which reads all of it before it asks anybody (needs httpx)", () => {
    expect(python("import httpx; httpx.Client()", { HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "[::1]" })).not.toBe(0);
    expect(python("import httpx; httpx.Client()", { HTTPS_PROXY: "http://127.0.0.1:9", ...name({}, true) })).toBe(0);
  });
});
