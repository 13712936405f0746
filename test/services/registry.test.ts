import { describe, expect, it } from "vitest";
import { SERVICES } from "../../src/services/registry.ts";
import { findCanonicalBinding, formatHostBinding } from "../../src/vault/host.ts";
import { isSecretName, isServiceId } from "../../src/vault/record.ts";

describe("the services", () => {
  it.each(SERVICES)("$id is as the vault can hold it", ({ id, title, variables, hosts, headers, placeholder, documentation }) => {
    expect(isServiceId(id)).toBe(true);
    expect(title).not.toBe("");
    expect(variables.length).toBeGreaterThan(0);
    expect(variables.every(isSecretName)).toBe(true);
    expect(hosts).toEqual([...hosts].sort());
    for (const host of hosts) {
      const binding = findCanonicalBinding(host);
      expect(binding === undefined ? undefined : formatHostBinding(binding)).toBe(host);
      // Only a service's own names, and only over TLS's port.
      expect(binding).toMatchObject({ wildcard: false, port: 443 });
    }
    for (const header of headers) expect(header).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(placeholder.length).toBeGreaterThanOrEqual(22);
    expect(documentation).toMatch(/^https:\/\//);
  });

  it("share no id, no variable and no host", () => {
    for (const list of [SERVICES.map(({ id }) => id), SERVICES.flatMap(({ variables }) => variables), SERVICES.flatMap(({ hosts }) => hosts)]) expect(new Set(list).size).toBe(list.length);
  });
});
