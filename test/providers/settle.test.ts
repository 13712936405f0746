import { describe, expect, it } from "vitest";
import { getProvider } from "../../src/providers/registry.ts";
import { settleProvider } from "../../src/providers/settle.ts";
import { refusalCode } from "../support/refusal-code.ts";

const gitlab = getProvider("gitlab");

describe("a provider at its own base", () => {
  it("gives the keys of its service", () => {
    const settled = settleProvider(gitlab, undefined);
    expect(settled).toMatchObject({ service: "gitlab", hosts: ["gitlab.com:443"], endpoints: { token: "https://gitlab.com/oauth/token" }, client: { page: "https://gitlab.com/-/user_settings/applications" } });
    expect(JSON.stringify(settled)).not.toContain("{base}");
    expect(settleProvider(gitlab, "https://GITLAB.com:443/")).toEqual(settled);
  });
});

describe("a provider at a base of the user's", () => {
  it("has its endpoints and its host there, and no host of the service", () => {
    const settled = settleProvider(gitlab, "https://gitlab.example.com:8443/");
    expect(settled).toMatchObject({ service: undefined, hosts: ["gitlab.example.com:8443"], account: { url: "https://gitlab.example.com:8443/api/v4/user" } });
    expect(Object.values(settled.endpoints)).toEqual(["https://gitlab.example.com:8443/oauth/authorize", "https://gitlab.example.com:8443/oauth/token", "https://gitlab.example.com:8443/oauth/authorize_device", "https://gitlab.example.com:8443/oauth/revoke", undefined]);
    expect(settleProvider(gitlab, "https://example.com/gitlab").endpoints.token).toBe("https://example.com/gitlab/oauth/token");
    expect(settleProvider(gitlab, "https://example.com/$&").endpoints.token).toBe("https://example.com/$&/oauth/token");
  });

  it.each(["http://gitlab.example.com", "gitlab.example.com", "https://gitlab.example.com?x=1", "https://gitlab.example.com#x", "https://user:password@gitlab.example.com", "file:///etc", ""])("is refused: %j", (text) => {
    expect(refusalCode(() => settleProvider(gitlab, text))).toBe("usage");
  });

  it("says nothing of the credential that stood in what was typed", () => {
    expect(() => settleProvider(gitlab, "https://user:hunter2@gitlab.example.com")).toThrow(expect.objectContaining({ message: expect.not.stringContaining("hunter2") }));
  });

  it("is refused where the provider is in one place", () => {
    expect(refusalCode(() => settleProvider(getProvider("google"), "https://google.example.com"))).toBe("usage");
  });
});
