import { describe, expect, it } from "vitest";
import { chooseForProject } from "../../../src/app/runs/project-choices.ts";
import { grantOf } from "../../../src/app/runs/granted-secrets.ts";
import type { Need } from "../../../src/project/run-file.ts";
import { refuseHost } from "../../../src/proxy/grants/refusal.ts";
import { Secret } from "../../../src/secret.ts";
import { parseHostBinding } from "../../../src/vault/host.ts";
import type { SecretMetadata } from "../../../src/vault/record.ts";

const metadata = (name: string): SecretMetadata => ({ id: name, name, scope: { kind: "global" }, groups: [], service: undefined, hosts: ["*.example.com:443"], places: ["basic", "header"], allowPrivate: false, scrub: true, placeholder: undefined, source: { kind: "stored" }, rules: undefined, version: 1, createdAt: "", updatedAt: "" });
const secrets = ["A_KEY", "B_KEY", "C_KEY"].map(metadata);
const nobody = { workspace: undefined, group: undefined };
const need = (variable: string, secret = variable, host?: string): Need => ({ variable, secret, hosts: host === undefined ? undefined : [parseHostBinding(host)], places: undefined });
const projectOf = (...needs: readonly Need[]): readonly Need[] => needs;
const choose = (needs: readonly Need[], selections?: readonly { variable: string; name: string }[]): unknown[] => chooseForProject(secrets, { needs, viewpoint: nobody, selections }).map(({ variable, record, hosts }) => [variable, record.name, hosts]);

describe("a run in a project", () => {
  it("gets what the file names, narrowed; the rest has neither a variable nor a host", () => {
    expect(choose(projectOf(need("B", "B_KEY", "b.example.com")))).toEqual([["B", "B_KEY", ["b.example.com:443"]], [undefined, "A_KEY", []], [undefined, "C_KEY", []]]);
  });

  it("gets of that what -s says, by the secret's own name", () => {
    const project = projectOf(need("A_KEY"), need("ONE", "B_KEY", "one.example.com"), need("TWO", "B_KEY", "two.example.com"));
    const left = (name: string): unknown => [undefined, name, []];
    expect(choose(project, [{ variable: "A_KEY", name: "A_KEY" }])).toEqual([["A_KEY", "A_KEY", ["*.example.com:443"]], left("B_KEY"), left("C_KEY")]);
    expect(choose(project, [{ variable: "TWO", name: "B_KEY" }])).toEqual([["TWO", "B_KEY", ["two.example.com:443"]], left("A_KEY"), left("C_KEY")]);
    expect(choose(projectOf(need("B", "B_KEY")), [{ variable: "B_KEY", name: "B_KEY" }])[0]).toEqual(["B", "B_KEY", ["*.example.com:443"]]);
    expect(() => choose(project, [{ variable: "C_KEY", name: "C_KEY" }])).toThrow(expect.objectContaining({ code: "usage", hint: expect.stringContaining("--no-project") as unknown }));
  });

  it("does not get another secret by a variable that the file has given its name", () => {
    expect(() => choose(projectOf(need("A_KEY", "C_KEY")), [{ variable: "A_KEY", name: "A_KEY" }])).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is told all that the vault lacks, and refused variables that mean something to programs", () => {
    expect(() => choose(projectOf(need("A_KEY"), need("X_KEY"), need("Y_KEY")))).toThrow(expect.objectContaining({ code: "not-found", message: expect.stringContaining('"X_KEY", "Y_KEY"') as unknown }));
    for (const variable of ["PATH", "NODE_OPTIONS", "LD_PRELOAD", "HTTPS_PROXY", "VAULT_DIR"]) expect(() => choose(projectOf(need(variable, "A_KEY")))).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("is refused elsewhere in words that name the file, and no command that would not help", () => {
    const [choice] = chooseForProject(secrets, { needs: projectOf(need("A_KEY", "A_KEY", "a.example.com")), viewpoint: nobody, selections: undefined });
    if (choice === undefined) throw new Error("nothing was chosen");
    const { text, remedy } = refuseHost(grantOf({ ...choice.record, ...choice }, Secret.fromText("value"), "vault_ph_0", new Map()), { host: "b.example.com", port: 443 });
    expect(remedy).toContain("vault.run.json leaves of what the vault allows");
    expect(text + String(remedy)).not.toContain("vault secrets update");
  });
});
