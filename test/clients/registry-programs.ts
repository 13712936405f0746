// Further programs that take packages and images from registries which ask for a token.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CLIENT_PYTHON } from "./model-programs.ts";
import type { Tool } from "./programs.ts";
import { succeeds } from "./programs.ts";

const installed = (path: string): string => fileURLToPath(new URL(`../../node_modules/.cache/clients/node_modules/${path}`, import.meta.url));
const UV = CLIENT_PYTHON.replace(/python$/, "uv");

/** pnpm takes a token from a variable in the user's own file alone. */
const ofNpm = (name: string, program: string): Tool => ({
  name,
  work: "install from a registry, the token in the user's .npmrc",
  isHere: () => existsSync(program),
  script: `mkdir -p own/cache package && cd package && echo '{"name":"mine","version":"1.0.0"}' > package.json
printf 'registry=%s/npm/\\n%s/npm/:_authToken=\${TOKEN}\\nalways-auth=true\\n' "$URL" "\${URL#https:}" > ../own/.npmrc
export HOME="$PWD/../own" XDG_CACHE_HOME="$PWD/../own/cache"
"${program}" add --silent parcel && test -f node_modules/parcel/package.json && echo done`,
});

export const REGISTRY_TOOLS: readonly Tool[] = [
  ofNpm("pnpm", installed("@pnpm/exe.linux-x64/pnpm")),
  ofNpm("Yarn 1", installed("yarn/bin/yarn.js")),
  ofNpm("Bun: add", installed("@oven/bun-linux-x64/bin/bun")),
  {
    name: "uv",
    work: "install from an index, the token in a variable of its own",
    isHere: () => existsSync(UV),
    script: `export UV_CACHE_DIR="$PWD/cache" UV_INDEX_HERE_USERNAME=me UV_INDEX_HERE_PASSWORD="$TOKEN"
"${UV}" pip install -q --python "${CLIENT_PYTHON}" --no-deps --index "here=$URL/pip/" --target packages parcel; PYTHONPATH=packages "${CLIENT_PYTHON}" -c "import parcel" && echo done`,
  },
  {
    name: "skopeo",
    work: "an image copied from a registry, whose own token the program fetches with that one",
    isHere: () => succeeds("skopeo", "--version"),
    script: `echo '{"default":[{"type":"insecureAcceptAnything"}]}' > policy.json
skopeo --policy policy.json copy -q --src-creds "me:$TOKEN" "docker://\${URL#https://}/image:one" dir:copied && test -f copied/manifest.json && echo done`,
  },
];
