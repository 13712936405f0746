import { describe, expect, test } from "vitest";
import type { MacWall } from "../../../src/wall/macos/profile.ts";
import { formatProfile } from "../../../src/wall/macos/profile.ts";
import { refusalCode } from "../../support/refusal-code.ts";
import { decide, parseForms } from "../../support/sandbox-profile.ts";

const WALL: MacWall = {
  ports: [49152],
  writable: ["/Users/u/p", "/private/tmp/vault-run"],
  replaced: ["/Users/u/.claude.json"],
  protected: ["/Users/u/p/.git/hooks", "/Users/u/p/.git/config", "/Users/u/p/.envrc"],
  hidden: ["/Users/u/.ssh", "/Users/u/Library/Application Support/vault", "/Users/u/Library/Keychains"],
  shown: ["/Users/u/Library/Application Support/vault/runs/run-1"],
  temporary: "/Users/u/Library/Application Support/vault/runs/run-1/tmp",
};
const profile = formatProfile(WALL);

describe("a profile", () => {
  test.each([
    ["file-read-data", "/usr/bin/true", "allow"],
    ["file-read-data", "/Users/u/p/src/a.ts", "allow"],
    ["file-write-data", "/Users/u/p/src/a.ts", "allow"],
    ["file-write-create", "/Users/u/p/new", "allow"],
    ["file-write-create", "/Users/u/.claude.json.tmp.1", "allow"],
    ["file-write-create", "/Users/u/.zshrc", "deny"],
    ["file-write-data", "/Users/u/Library/LaunchAgents/x.plist", "deny"],
    ["file-write-create", "/Users/u/p/.git/hooks/pre-commit", "deny"],
    ["file-write-create", "/Users/u/p/.envrc", "deny"],
    ["file-write-unlink", "/Users/u/p/.git", "deny"],
    ["file-write-create", "/Users/u/p/.git/index", "allow"],
    ["file-write-unlink", "/Users/u/p", "allow"],
    ["file-read-data", "/Users/u/.ssh/id_ed25519", "deny"],
    ["file-read-metadata", "/Users/u/.ssh", "deny"],
    ["file-read-data", "/Users/u/Library/Application Support/vault/keys/kek.key", "deny"],
    ["file-read-data", "/Users/u/Library/Application Support/vault/runs/run-2/ca.pem", "deny"],
    ["file-read-data", "/Users/u/Library/Application Support/vault/runs/run-1/ca.pem", "allow"],
    ["file-write-data", "/Users/u/Library/Application Support/vault/runs/run-1/ca.pem", "deny"],
    ["file-write-create", "/Users/u/Library/Application Support/vault/runs/run-1/tmp/x", "allow"],
    ["file-write-data", "/dev/null", "allow"],
    ["network-outbound", "localhost:49152", "allow"],
    ["network-outbound", "localhost:22", "deny"],
    ["network-outbound", "1.1.1.1:443", "deny"],
    ["network-outbound", "/private/var/run/mDNSResponder", "deny"],
    ["network-outbound", "/private/tmp/agent.sock", "deny"],
    ["mach-lookup", "com.apple.trustd.agent", "deny"],
    ["appleevent-send", "", "deny"],
    ["job-creation", "", "deny"],
    ["iokit-open", "", "deny"],
  ])("of %s on %s: %s", (operation, on, verdict) => {
    expect(decide(profile, operation, on)).toBe(verdict);
  });

  test("denies all at first, and asks no service that acts outside for whoever asks it", () => {
    expect(profile.startsWith("(version 1)\n(deny default)\n")).toBe(true);
    expect(profile).not.toMatch(/securityd|SecurityServer|pasteboard|launchservices|coreservices|trustd|tccd|xpc/);
  });

  test("has no rule without a filter where a list is empty", () => {
    const bare = formatProfile({ ports: [], writable: [], replaced: [], protected: [], hidden: [], shown: [], temporary: "/t" });
    expect(parseForms(bare).filter((form) => Array.isArray(form) && /outbound|unlink/.test(String(form[1])))).toEqual([]);
    expect(decide(bare, "file-write-data", "/Users/u/p/a")).toBe("deny");
    expect(decide(bare, "network-outbound", "localhost:49152")).toBe("deny");
  });
});

describe("attack: a folder's name that is a rule", () => {
  const headsOf = (text: string): string[] => parseForms(text).map((form) => String(typeof form === "string" ? form : form[0]));
  const NAMES = ['a"', 'a\\"', "a\\", 'a"))(allow file-write* (subpath "/', "a\n(allow default)", "a)(allow default)(", "a;comment", '#"x"#', "a\rb", "a\tb", "ä ö 中 🗝", "${HOME}", "(param \"X\")", "a'b`c"];

  test.each(NAMES.map((name) => [JSON.stringify(name), name]))("%s stays one string, and allows no more", (_shown, name) => {
    const path = `/Users/u/${name}`;
    const odd = formatProfile({ ...WALL, writable: [path], protected: [`${path}/.envrc`], hidden: [...WALL.hidden, `/Users/u/h/${name}`], replaced: [] });
    expect(headsOf(odd)).toEqual(headsOf(formatProfile({ ...WALL, writable: ["/w"], protected: ["/w/.envrc"], replaced: [] })));
    expect(decide(odd, "file-write-data", `${path}/x`)).toBe("allow");
    expect(decide(odd, "file-write-data", `${path}/.envrc`)).toBe("deny");
    expect(decide(odd, "file-read-data", `/Users/u/h/${name}/x`)).toBe("deny");
    for (const outside of ["/Users/u/.zshrc", "/", "/etc/hosts"]) expect(decide(odd, "file-write-data", outside)).toBe("deny");
    expect(decide(odd, "iokit-open", "")).toBe("deny");
  });

  test("with a control character that no profile can spell it is refused", () => {
    for (const name of ["a\u0001", "a\u007f", "a\u001b[2J"]) expect(refusalCode(() => formatProfile({ ...WALL, writable: [`/Users/u/${name}`] }))).toBe("usage");
  });
});
