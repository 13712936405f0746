import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlaceInfo } from "../src/paths.ts";
import { findPaths } from "../src/paths.ts";

const plain: PlaceInfo = { variables: {}, home: "/home/ada", temporary: "/tmp", cwd: "/work/project", platform: "linux", uid: 1000 };
const withVariables = (variables: Record<string, string>): PlaceInfo => ({ ...plain, variables });

/** Every path there is, in one list. */
const allOf = (info: PlaceInfo): string[] => {
  const { engine, agent, ...paths } = findPaths(info);
  expect(engine).toBeUndefined();
  return [...Object.values(paths), ...Object.values(agent)];
};

describe("with VAULT_DIR", () => {
  const expected = { dataFolder: "/v", vaultFile: "/v/vault.json", lockFile: "/v/vault.lock", loginsFolder: "/v/logins", keyFile: "/v/kek.key", rootsFile: "/v/roots.pem", auditFolder: "/v/audit", anchorFile: "/v/anchor.json", toldMark: "/v/told", runtimeFolder: "/v/run", lockMark: "/v/run/locked", agent: { folder: "/v/run", socket: "/v/run/agent.sock", token: "/v/run/agent.token", realm: "/v", state: "/v" } };

  test("everything is below it, whatever the XDG folders are", () => {
    expect(findPaths(withVariables({ VAULT_DIR: "/v", XDG_DATA_HOME: "/data", XDG_CONFIG_HOME: "/config", XDG_STATE_HOME: "/state", XDG_RUNTIME_DIR: "/run/user/1000" }))).toEqual(expected);
  });

  test.each([["v", "/work/project/v"], [".", "/work/project"], ["../v/", "/work/v"], ["/v//x/../", "/v"]])("%s is %s", (given, folder) => {
    expect(findPaths(withVariables({ VAULT_DIR: given })).dataFolder).toBe(folder);
    expect(allOf(withVariables({ VAULT_DIR: given })).every((path) => path === folder || path.startsWith(`${folder}/`))).toBe(true);
  });

  test("empty is unset", () => {
    expect(findPaths(withVariables({ VAULT_DIR: "" }))).toEqual(findPaths(plain));
  });
});

describe("without it", () => {
  test("the defaults of the XDG specification, the key away from the vault", () => {
    expect(findPaths(plain)).toEqual({
      dataFolder: "/home/ada/.local/share/vault",
      vaultFile: "/home/ada/.local/share/vault/vault.json",
      lockFile: "/home/ada/.local/share/vault/vault.lock",
      loginsFolder: "/home/ada/.local/share/vault/logins",
      keyFile: "/home/ada/.config/vault/keys/kek.key",
      rootsFile: "/home/ada/.local/share/vault/roots.pem",
      auditFolder: "/home/ada/.local/state/vault/audit",
      anchorFile: "/home/ada/.local/state/vault/anchor.json",
      toldMark: "/home/ada/.local/state/vault/told",
      runtimeFolder: "/home/ada/.local/state/vault/run",
      lockMark: "/home/ada/.local/state/vault/run/locked",
      agent: { folder: "/home/ada/.local/state/vault/run", socket: "/home/ada/.local/state/vault/run/agent.sock", token: "/home/ada/.local/state/vault/run/agent.token", realm: "/home/ada/.local/share/vault", state: "/home/ada/.local/state/vault" },
    });
  });

  test("the XDG folders that are set", () => {
    const paths = findPaths(withVariables({ XDG_DATA_HOME: "/data", XDG_CONFIG_HOME: "/config", XDG_STATE_HOME: "/state", XDG_RUNTIME_DIR: "/run/user/1000" }));
    expect(paths).toMatchObject({ vaultFile: "/data/vault/vault.json", keyFile: "/config/vault/keys/kek.key", auditFolder: "/state/vault/audit", anchorFile: "/state/vault/anchor.json", agent: { socket: "/run/user/1000/vault/agent.sock" } });
  });

  test("the session's folder where the variable that names it is lost, and not where it is set", () => {
    const session: PlaceInfo = { ...plain, sessionFolder: "/run/user/1000" };
    expect(findPaths(session)).toEqual(findPaths(withVariables({ XDG_RUNTIME_DIR: "/run/user/1000" })));
    expect(findPaths({ ...session, variables: { XDG_RUNTIME_DIR: "/other" } }).runtimeFolder).toBe("/other/vault");
    expect(findPaths({ ...session, variables: { VAULT_DIR: "/v" } }).runtimeFolder).toBe("/v/run");
  });

  test.each(["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"])("%s is ignored when it is relative or empty, as the specification has it", (name) => {
    for (const value of ["", "relative", "./x", "~/x"]) expect(findPaths(withVariables({ [name]: value }))).toEqual(findPaths(plain));
  });

  test("nothing is in ~/.vault, which is another program's", () => {
    expect(allOf(plain).filter((path) => path.startsWith("/home/ada/.vault"))).toEqual([]);
  });
});

describe("the agent's socket", () => {
  const long = "/home/ada/a-folder-whose-name-is-as-long-as-some-build-systems-make-theirs/and-another-below-it/which-makes-it-too-long";

  test("moves to a folder of the user's own, straight in the temporary folder, when its path would be too long", () => {
    const { agent, lockMark } = findPaths(withVariables({ VAULT_DIR: long }));
    expect(agent.folder).toMatch(/^\/tmp\/vault-1000-[0-9a-f]{24}$/);
    expect(agent).toEqual({ folder: agent.folder, socket: `${agent.folder}/agent.sock`, token: `${agent.folder}/agent.token`, realm: long, state: long });
    expect(lockMark).toBe(`${long}/run/locked`);
  });

  test("is another one for each vault and user, and the same each time", () => {
    const socketOf = (folder: string, uid = 1000): string => findPaths({ ...withVariables({ VAULT_DIR: folder }), uid }).agent.socket;
    expect(socketOf(long)).toBe(socketOf(long));
    expect(new Set([socketOf(long), socketOf(`${long}x`), socketOf(long, 1001)]).size).toBe(3);
  });

  test("fits wherever the vault and the temporary folder are", () => {
    const folder = fc.tuple(fc.integer({ min: 0, max: 150 }), fc.constantFrom("x", "\u00fc", "/y")).map(([length, character]) => `/${character.repeat(length)}`);
    fc.assert(fc.property(folder, folder, fc.constantFrom<NodeJS.Platform>("linux", "darwin"), (directory, temporary, platform) => {
      // sockaddr_un holds 104 bytes on macOS, the closing NUL included.
      expect(Buffer.byteLength(findPaths({ ...plain, platform, temporary, uid: 4_294_967_294, variables: { VAULT_DIR: directory } }).agent.socket)).toBeLessThan(104);
    }));
  });

  test("is a named pipe on Windows", () => {
    expect(findPaths({ ...withVariables({ VAULT_DIR: "/v" }), platform: "win32" }).agent.socket).toMatch(/^\\\\\.\\pipe\\vault-[0-9a-f]{24}$/);
  });
});
