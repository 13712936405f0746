import { describe, expect, test } from "vitest";
import { requireOwnWildcards } from "../../../src/app/services/suffix-list.ts";
import { changeAudited } from "../../../src/app/keys/change-vault.ts";
import { withOpenVault } from "../../../src/app/keys/open-vault.ts";
import { bindNew, createSecret, updateSecret } from "../../../src/app/secrets/secrets.ts";
import { VaultError } from "../../../src/errors.ts";
import { Secret } from "../../../src/secret.ts";
import { sealSecrets } from "../../../src/vault/envelope.ts";
import { addSecret, makeVaultHome } from "../../support/home.ts";

const SHARED = ["*.co.uk:443", "*.or.jp:443", "*.com.au:8443", "*.github.io:443", "*.compute.amazonaws.com:443", "*.kawasaki.jp:443", "*.pvt.k12.ma.us:443", "*.xn--55qx5d.cn:443", "*.herokuapp.com:443", "*.s3.amazonaws.com:443", "*.workers.dev:443"];

/** Not on the list that browsers keep: customers of one house, each with a host for its key. */
const CUSTOMERS = ["*.openai.azure.com:443", "*.vault.azure.net:443", "*.servicebus.windows.net:443", "*.snowflakecomputing.com:443", "*.my.salesforce.com:443"];

describe("a wildcard", () => {
  test.each([...SHARED, ...CUSTOMERS])("over what strangers share is refused: %s", async (text) => {
    await expect(requireOwnWildcards(["api.example.com:443", text])).rejects.toThrow(/anybody can have a name below/);
  });

  test.each(["*.example.com:443", "*.example.co.uk:443", "*.me.github.io:443", "*.corp.internal:443", "*.co.example:443", "*.city.kawasaki.jp:443"])("over a name of one's own may be: %s", async (text) => {
    await expect(requireOwnWildcards([text])).resolves.toBeUndefined();
  });

  test.each(["co.uk:443", "github.io:443", "me.github.io:443"])("is meant, and not the name itself: %s", async (text) => {
    await expect(requireOwnWildcards([text])).resolves.toBeUndefined();
  });
});

test("a secret is neither made nor changed with such a binding, and the value is not even asked for", async () => {
  const { surroundings } = await makeVaultHome();
  const secret = { name: "KEY", scope: { kind: "global" }, service: undefined, hosts: ["*.k12.ma.us:443"], places: ["header"], allowPrivate: false } as const;
  const askValue = (): Promise<Secret> => Promise.reject(new Error("asked for the value"));
  await expect(createSecret(surroundings, secret, askValue)).rejects.toMatchObject({ code: "usage" });
  await addSecret(surroundings, "KEY");
  await expect(updateSecret(surroundings, "KEY", undefined, { addHosts: ["*.k12.ma.us:443"] })).rejects.toBeInstanceOf(VaultError);
});

test("a binding from before the list knew its name is read, and can be taken away", async () => {
  const { surroundings } = await makeVaultHome();
  const binding = bindNew({ name: "KEY", scope: { kind: "global" }, service: undefined, unlike: undefined, hosts: ["*.github.io:443", "api.example.com:443"], places: ["header"], allowPrivate: false });
  await withOpenVault(surroundings, ({ holder }) => changeAudited(surroundings, holder, async (contents) => {
    const envelopes = await sealSecrets(holder, contents.id, [{ binding, value: Secret.fromText("value") }]);
    const at = new Date().toISOString();
    return { contents: { ...contents, secrets: envelopes.map((envelope) => ({ ...binding, ...envelope, createdAt: at, updatedAt: at })) }, event: { kind: "secret.create" } };
  }));
  await updateSecret(surroundings, "KEY", undefined, { places: ["header", "query"] });
  const { hosts } = await updateSecret(surroundings, "KEY", undefined, { removeHosts: ["*.github.io:443"] });
  expect(hosts).toEqual(["api.example.com:443"]);
});
