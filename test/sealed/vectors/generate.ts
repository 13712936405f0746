// Writes the vectors anew beside this file: node .config/run-ts.js test/sealed/vectors/generate.ts. `test/sealed/vectors.test.ts` fails where a file is not what the catalogue makes.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { vectors } from "./catalogue.ts";
import { fileVectors } from "./files.ts";
import { formatFileVector, formatVector } from "./text.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
for (const file of readdirSync(folder)) if (file.endsWith(".txt")) rmSync(folder + file);
for (const vector of vectors) writeFileSync(`${folder}${vector.name}.txt`, formatVector(vector), { flag: "wx" });
for (const vector of fileVectors) writeFileSync(`${folder}${vector.name}.txt`, formatFileVector(vector), { flag: "wx" });
console.log(`${vectors.length + fileVectors.length} vectors`);
