import { writeFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/app/doctor/doctor.ts";
import { examineStarter } from "../../../src/app/doctor/trust.ts";
import { makeVaultHome } from "../../support/home.ts";
import { makeTestCa } from "../../support/test-ca.ts";

describe("whom connections outwards trust", () => {
  test("the roots file is named, there or not", async () => {
    const { surroundings } = await makeVaultHome();
    const { rootsFile } = surroundings.paths;
    const told = async (): Promise<unknown> => (await examine(surroundings)).find(({ check }) => check === "trust");
    expect(await told()).toMatchObject({ level: "ok", message: expect.stringContaining(`and would trust any in "${rootsFile}"`) });
    writeFileSync(rootsFile, rootCertificates[0] ?? "", { mode: 0o600 });
    expect(await told()).toMatchObject({ level: "ok", message: expect.stringContaining(`those in "${rootsFile}"`) });
    writeFileSync(rootsFile, "nothing");
    expect(await told()).toMatchObject({ level: "problem", code: "usage", message: expect.stringContaining("holds no certificate") });
  });

  test("a variable whose certificates only the program trusts is noted", async () => {
    const { surroundings } = await makeVaultHome();
    const path = `${surroundings.paths.dataFolder}/company.pem`;
    writeFileSync(path, makeTestCa().certificate);
    const findings = await examine({ ...surroundings, variables: { SSL_CERT_FILE: path } });
    expect(findings.filter(({ check, level }) => check === "trust" && level === "note").map(({ message }) => message)).toEqual([`SSL_CERT_FILE names "${path}", whose certificates a run's program trusts and connections outwards do not`]);
  });
});

test("npm as the starter is noted", () => {
  expect(examineStarter({ variables: { PATH: "/bin" } })).toEqual([]);
  expect(examineStarter({ variables: { npm_config_cafile: "x", npm_lifecycle_event: "agent" } })).toMatchObject([{ level: "note", check: "environment" }]);
});
