// The profile is read here as macOS reads it: by a small reader of its language, and by its rule that of two the later counts. No Mac has run it.
import { describe, expect, test } from "vitest";
import type { MacWall } from "../../../src/wall/macos/profile.ts";
import { formatProfile } from "../../../src/wall/macos/profile.ts";
import { refusalCode } from "../../support/refusal-code.ts";

/** A list is a rule or a filter; a text stands behind a quote, to tell it from a word. */
type Form = string | readonly Form[];

function parseForms(text: string): Form[] {
  const stack: Form[][] = [[]];
  const put = (form: Form): void => { stack.at(-1)?.push(form); };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? "";
    if (letter === "(") stack.push([]);
    else if (letter === ")") {
      const list = stack.pop() ?? [];
      expect(stack.length).toBeGreaterThan(0);
      put(list);
    } else if (letter === '"') {
      let string = "";
      for (at += 1; text[at] !== '"'; at += 1) {
        expect(at).toBeLessThan(text.length);
        if (text[at] === "\\") at += 1;
        string += text[at - 1] === "\\" ? ({ n: "\n", r: "\r", t: "\t" }[text[at] ?? ""] ?? text[at] ?? "") : (text[at] ?? "");
      }
      put(`"${string}`);
    } else if (/\S/.test(letter)) {
      const [word = letter] = /^[^\s()"]+/.exec(text.slice(at)) ?? [];
      put(word);
      at += word.length - 1;
    }
  }
  expect(stack.length).toBe(1);
  return stack[0] ?? [];
}

/** What the profile says of an act on a path, or on an address. */
function decide(profile: string, operation: string, on: string): string {
  let verdict = "undecided";
  for (const form of parseForms(profile)) {
    const [kind, ...rest] = Array.isArray(form) ? form as readonly Form[] : [];
    const operations = rest.filter((part): part is string => typeof part === "string");
    const filters = rest.filter((part): part is readonly Form[] => Array.isArray(part));
    if (!operations.some((one) => one === "default" || one === operation || (one.endsWith("*") && operation.startsWith(one.slice(0, -1))))) continue;
    if (filters.length === 0 || filters.some((filter) => fits(filter, on))) verdict = String(kind);
  }
  return verdict;
}

function fits([name, first = "", second = ""]: readonly Form[], on: string): boolean {
  const path = String(first).slice(1);
  if (name === "subpath") return on === path || on.startsWith(`${path}/`);
  if (name === "literal") return on === path;
  if (name === "prefix") return on.startsWith(path);
  return name === "remote" && on === String(second).slice(1);
}

const WALL: MacWall = {
  ports: [49152],
  writable: ["/Users/u/p", "/private/tmp/vault-run"],
  replaced: ["/Users/u/.claude.json"],
  protected: ["/Users/u/p/.git/hooks", "/Users/u/p/.git/config", "/Users/u/p/.envrc"],
  hidden: ["/Users/u/.ssh", "/Users/u/Library/Application Support/vault", "/Users/u/Library/Keychains"],
  shown: ["/Users/u/Library/Application Support/vault/runs/run-1"],
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
    const bare = formatProfile({ ports: [], writable: [], replaced: [], protected: [], hidden: [], shown: [] });
    expect(parseForms(bare).filter((form) => Array.isArray(form) && /write\*|outbound/.test(String(form[1])))).toEqual([]);
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
