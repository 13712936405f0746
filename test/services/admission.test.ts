import { describe, expect, it } from "vitest";
import { describeAdmission, doMeet, requireAdmissible } from "../../src/services/admission.ts";
import { parseService } from "../../src/services/entry.ts";
import { findLookedLike, skeletonOf } from "../../src/services/look-alike.ts";
import { makeRegistry } from "../../src/services/registry.ts";
import { findCanonicalBinding, parseHostBinding } from "../../src/vault/host.ts";
import { refusalCode } from "../support/refusal-code.ts";

const make = (change: Readonly<Record<string, unknown>> = {}) =>
  parseService({ id: "billing", title: "Billing", variables: ["BILLING_KEY"], hosts: ["billing.example.com:443"], credentials: [{ place: "header", header: "x-api-key", form: "{key}" }], placeholders: ["[A-Za-z0-9]{32}"], documentation: "https://example.com", ...change });
const judge = (change: Readonly<Record<string, unknown>>, own: readonly ReturnType<typeof make>[] = [], mayReplace = false) => refusalCode(() => { requireAdmissible(makeRegistry(own), make(change), mayReplace); });

describe("a service of one's own", () => {
  it("is admitted where it touches nobody else's", () => {
    expect(judge({})).toBeUndefined();
    expect(judge({ hosts: ["*.internal.example.com:443", "localhost:8443"] })).toBeUndefined();
  });

  it("cannot have an id or a variable that comes with the program", () => {
    expect(judge({ id: "openai" })).toBe("already-exists");
    expect(judge({ id: "openai" }, [], true)).toBe("already-exists");
    expect(judge({ variables: ["BILLING_KEY", "OPENAI_API_KEY"] })).toBe("already-exists");
  });

  it("takes no name below which another's customers have hosts, nor has a host there", () => {
    for (const change of [{ hosts: ["mine.openai.azure.com:443"] }, { ownHosts: ["openai.azure.com"] }, { ownHosts: ["azure.com"] }, { ownHosts: ["eu.openai.azure.com"] }, { ownHosts: ["openai.com"] }]) {
      expect(judge(change)).toBe("already-exists");
    }
    expect(judge({ ownHosts: ["openai.azure.com"], sharesHostsWith: ["azure-openai"] })).toBeUndefined();
    expect(judge({ ownHosts: ["customers.example.com"] })).toBeUndefined();
    expect(judge({ ownHosts: ["opena1.com"] })).toBe("usage");
  });

  it("replaces an older one of the user's own only where that was said", () => {
    expect(judge({}, [make()])).toBe("already-exists");
    expect(judge({ hosts: ["other.example.com:443"] }, [make()], true)).toBeUndefined();
    expect(judge({ id: "other" }, [make()], true)).toBe("already-exists");
  });

  it("shares a host with another only where its file says so", () => {
    for (const host of ["api.openai.com:443", "*.openai.com:443"]) {
      expect(judge({ hosts: [host] })).toBe("already-exists");
      expect(judge({ hosts: [host], sharesHostsWith: ["openai"] })).toBeUndefined();
    }
    expect(judge({ hosts: ["api.openai.com:8443"] })).toBeUndefined();
  });

  it.each(["api.opena1.com", "api.0penai.com", "api.оpenai.com", "api.openаi.com", "api.open-ai.com", "api.gith\u028Fb.com".replace("\u028F", "υ"), "api.str\u0131pe.com", "api.anthroplc.com", "hooks.siack.com", "api.linéar.app"])("has no host that looks like a known one: %s", (host) => {
    const { host: ascii } = parseHostBinding(host);
    expect(judge({ hosts: [`${ascii}:443`] })).toBe("usage");
  });

  it("is described in plain words, every host of it", () => {
    const { host } = parseHostBinding("bücher.example");
    const words = describeAdmission(make({ hosts: [`${host}:443`, "*.example.com:8443"], sharesHostsWith: ["openai"], besides: ["authorization"] })).join("\n");
    expect(words).toContain("a secret named BILLING_KEY");
    expect(words).toContain("xn--bcher-kva.example (which is shown as bücher.example), port 443");
    expect(words).toContain("every host one label below example.com, port 8443");
    expect(words).toContain('in the header x-api-key as "{key}"');
    expect(words).toContain("in common with openai");
    expect(words).toContain("Beside the key, a program may send a credential of its own in authorization.");
  });
});

describe("look-alikes", () => {
  it("are told by letters that look the same, and not by names that merely resemble each other", () => {
    expect(skeletonOf("rnicrosoft.com")).toBe(skeletonOf("microsoft.com"));
    expect(findLookedLike("api.openal.com", ["api.openai.com"])).toBe("api.openai.com");
    expect(findLookedLike("beta.openai.com", ["api.openai.com"])).toBeUndefined();
    expect(findLookedLike("api.opener.com", ["api.openai.com"])).toBeUndefined();
  });
});

describe("two bindings meet", () => {
  it.each([["a.example.com:443", "a.example.com:443", true], ["*.example.com:443", "a.example.com:443", true], ["*.example.com:443", "example.com:443", false], ["*.example.com:443", "a.b.example.com:443", false], ["*.example.com:443", "*.example.com:443", true], ["a.example.com:443", "a.example.com:8443", false]] as const)("%s and %s: %s", (a, b, expected) => {
    expect(doMeet(findCanonicalBinding(a)!, findCanonicalBinding(b)!)).toBe(expected);
    expect(doMeet(findCanonicalBinding(b)!, findCanonicalBinding(a)!)).toBe(expected);
  });
});
