// Updates a secret many times, or replaces the master key: `update <folder> <name> <times>`, `rotate <folder> <times>`. Says what failed, then `done`.
import { rotateMaster } from "../../../src/app/keys/rotate-master.ts";
import { updateSecret } from "../../../src/app/secrets/secrets.ts";
import type { Surroundings } from "../../../src/app/surroundings.ts";
import { testPaths } from "../test-store.ts";

const [act = "", folder = "", ...rest] = process.argv.slice(2);
const surroundings: Surroundings = {
  paths: testPaths(folder),
  variables: {},
  now: () => new Date(),
  findPassphrase: () => Promise.resolve(undefined),
  hasGivenPassphrase: false,
  showWork: (_label, work) => work(),
  showProgress: () => undefined,
  warn: () => undefined,
};

const times = Number(rest.at(-1));
for (let round = 0; round < times; round += 1) {
  try {
    if (act === "rotate") await rotateMaster(surroundings, { provider: "file", path: undefined, kek: undefined }, false);
    else await updateSecret(surroundings, rest[0] ?? "", undefined, { addHosts: [`h${round}.example:443`] });
  } catch (error) {
    console.log(`${act} ${round}: ${String(error)}`);
  }
}
console.log("done");
