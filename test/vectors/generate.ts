// Writes the vectors anew beside this file, and the example in FORMAT.md: `npm run vectors`. `test/vault/vectors.test.ts` fails where a file is not what the catalogue makes.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatVector } from "../support/vector-file.ts";
import { vectors } from "./catalogue/all.ts";
import { formatSteps, workedExample } from "./worked-example.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
for (const file of readdirSync(folder)) if (file.endsWith(".txt")) rmSync(folder + file);
for (const vector of vectors) writeFileSync(`${folder}${vector.name}.txt`, formatVector(vector), { flag: "wx" });

const spec = fileURLToPath(new URL("../../src/vault/FORMAT.md", import.meta.url));
const steps = workedExample();
const example = `<!-- example -->\n\`\`\`\n${formatSteps(steps)}\`\`\`\n\n\`\`\`\n${String(steps.at(-1)?.[1])}\`\`\`\n<!-- /example -->`;
writeFileSync(spec, readFileSync(spec, "utf8").replace(/<!-- example -->[^]*<!-- \/example -->/, () => example));
console.log(`${vectors.length} vectors`);
