// `npm run --silent sbom`: what is in the package, as CycloneDX 1.5 in JSON. Most of it is in the bundle, which no tool that looks at dependencies sees: these are the packages that src imports, and all that they depend on.
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const readJson = (path) => JSON.parse(readFileSync(`${root}/${path}`, "utf8"));
const own = readJson("package.json");
const { packages } = readJson("package-lock.json");

/** Names of packages that a file of src imports. */
function findImported() {
  const files = readdirSync(`${root}/src`, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const specifiers = files.flatMap((name) => [...readFileSync(`${root}/src/${name}`, "utf8").matchAll(/^(?:import(?! type)|export)[^"]* from "([^."][^"]*)"|\bimport\("([^."][^"]*)"\)/gm)].map(([, stated, lazy]) => stated ?? lazy));
  const names = specifiers.map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)[0]);
  return [...new Set(names)].filter((name) => !name.startsWith("node:") && !builtinModules.includes(name)).sort();
}

/** Where Node finds a package that a file below `from` asks for: a key of the lock file. */
function findPlace(name, from) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (folder === "") return undefined;
  }
}

/** Each package that is needed, by its place, with the places of those that it needs. */
function findClosure(names) {
  const found = new Map();
  const add = (place) => {
    if (place === undefined || found.has(place)) return;
    const needed = Object.keys({ ...packages[place].dependencies, ...packages[place].optionalDependencies }).flatMap((name) => findPlace(name, place) ?? []);
    found.set(place, needed);
    needed.forEach(add);
  };
  names.map((name) => findPlace(name, "")).forEach(add);
  return found;
}

const nameAt = (place) => place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
const purlOf = (name, version) => `pkg:npm/${name.replace("@", "%40")}@${version}`;
const refOf = (place) => purlOf(nameAt(place), packages[place].version);

function describe(place) {
  const { version, license, integrity } = packages[place];
  const [algorithm, digest] = (integrity ?? "").split("-");
  return {
    type: "library",
    "bom-ref": refOf(place),
    name: nameAt(place),
    version,
    ...(license === undefined ? {} : { licenses: [/ (?:OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }] }),
    ...(algorithm === "sha512" ? { hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }] } : {}),
    purl: refOf(place),
  };
}

const closure = findClosure(findImported());
const components = [...new Map([...closure.keys()].map((place) => [refOf(place), describe(place)])).values()].sort((one, other) => (one.purl < other.purl ? -1 : 1));
const self = purlOf(own.name, own.version);
const dependencies = [{ ref: self, dependsOn: findImported().flatMap((name) => findPlace(name, "") ?? []).map(refOf) }, ...new Map([...closure].map(([place, needed]) => [refOf(place), { ref: refOf(place), dependsOn: [...new Set(needed.map(refOf))].sort() }])).values()];

console.log(JSON.stringify({
  bomFormat: "CycloneDX",
  specVersion: "1.5",
  serialNumber: `urn:uuid:${randomUUID()}`,
  version: 1,
  metadata: { timestamp: new Date().toISOString(), component: { type: "application", "bom-ref": self, name: own.name, version: own.version, licenses: [{ license: { id: own.license } }], purl: self } },
  components,
  dependencies,
}, null, 2));
