// The transcripts that are about running programs, once more behind the wall: each `vault run` gets `--sandbox`. What a run does is the same there, but for the lines named here.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { openLanes } from "../support/lanes.ts";
import { can } from "../support/machine.ts";
import type { ByDesign } from "../support/transcript.ts";
import { hasTools, runTranscript } from "../support/transcript.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

const NO_VAULT = "behind the wall there is no vault, whatever a program has been told of its place";

const BY_DESIGN: Readonly<Record<string, readonly ByDesign[]>> = {
  "auto-init.txt": [
    { because: NO_VAULT, lines: "err none is made inside a run\n3: vault run -- env -i PATH=$PATH HOME=$HOME vault secrets list\nerr none is made inside a run", instead: "err inside a walled run\n3: vault run -- env -i PATH=$PATH HOME=$HOME vault secrets list\nerr inside a walled run" },
    { because: NO_VAULT, lines: String.raw`13: vault run -- sh -c 'unset NODE_OPTIONS; printf v | env -i PATH="$PATH" HOME="$HOME" vault secrets create C --host c.example'${"\n"}err vault secrets create is for the person who started the run`, instead: String.raw`3: vault run -- sh -c 'unset NODE_OPTIONS; printf v | env -i PATH="$PATH" HOME="$HOME" vault secrets create C --host c.example'${"\n"}err inside a walled run` },
  ],
  "node-clients.txt": [
    {
      because: `${NO_VAULT}: no run is made in a run`,
      lines: String.raw`vault run --deny-unmatched -- sh -c 'vault run -s API_KEY -- sh -c "curl -s https://$SERVER/ -H \"X-Api-Key: \$API_KEY\""'
err ^warning: this run is inside another, and stands for itself
no err NODE_EXTRA_CA_CERTS
no err the program can read
out ^hello from upstream$
got [Xx]-[Aa]pi-[Kk]ey: real-value-of-this-test
no out real-value
vault run -- sh -c 'env -i SERVER="$SERVER" PATH="$PATH" HOME="$HOME" NODE_OPTIONS="$NODE_OPTIONS" vault run -- node -e "require(\"https\").get(\"https://\" + process.env.SERVER, { agent: false, headers: { \"x-api-key\": process.env.API_KEY } }, (answer) => answer.pipe(process.stdout))"'
err ^warning: this run is inside another
out ^hello from upstream$
got [Xx]-[Aa]pi-[Kk]ey: real-value-of-this-test
vault run -- sh -c 'env -i SERVER="$SERVER" PATH="$PATH" HOME="$HOME" vault run -- sh -c "curl -s https://$SERVER/ -H \"X-Api-Key: \$API_KEY\""'
no err inside another
out ^hello from upstream$
got [Xx]-[Aa]pi-[Kk]ey: real-value-of-this-test`,
      instead: String.raw`125: vault run --deny-unmatched -- sh -c 'vault run -s API_KEY -- sh -c "curl -s https://$SERVER/ -H \"X-Api-Key: \$API_KEY\""'
err this is inside a walled run, where there is no vault
no got real-value
125: vault run -- sh -c 'env -i SERVER="$SERVER" PATH="$PATH" HOME="$HOME" NODE_OPTIONS="$NODE_OPTIONS" vault run -- node -e "require(\"https\").get(\"https://\" + process.env.SERVER, { agent: false, headers: { \"x-api-key\": process.env.API_KEY } }, (answer) => answer.pipe(process.stdout))"'
err this is inside a walled run, where there is no vault
no got real-value
125: vault run -- sh -c 'env -i SERVER="$SERVER" PATH="$PATH" HOME="$HOME" vault run -- sh -c "curl -s https://$SERVER/ -H \"X-Api-Key: \$API_KEY\""'
err this is inside a walled run, where there is no vault
no got real-value`,
    },
    {
      because: `${NO_VAULT}: no run is made in a run`,
      lines: String.raw`vault run -- sh -c 'vault run -s API_KEY -- sh -c "curl -s https://$SERVER/ -H \"X-Api-Key: \$OTHER\""'
out the placeholder in its X-Api-Key header is of a secret that this run was not given
no got other-value`,
      instead: String.raw`125: vault run -- sh -c 'vault run -s API_KEY -- sh -c "curl -s https://$SERVER/ -H \"X-Api-Key: \$OTHER\""'
err this is inside a walled run, where there is no vault
no got other-value`,
    },
  ],
  "run-child.txt": [
    {
      because: "nobody else is in the program's network, so its proxy asks for no password",
      lines: "out ^HTTPS_PROXY=http://[^:]+:[^@]+@127\\.0\\.0\\.1:\\d+",
      instead: "out ^HTTPS_PROXY=http://127\\.0\\.0\\.1:\\d+$",
    },
  ],
  "telling.txt": [
    {
      because: "it could not read the key, so it is not said that it could",
      lines: "out a program that goes looking could read this vault's key \\(it is in a file\\); one behind the wall could not: vault run --sandbox\ntty: \"\" vault run -- true",
      instead: "",
    },
    {
      because: "nothing goes past the proxy there",
      lines: String.raw`err API_KEY was given and no request with it came: the program may go past the proxy \(vault doctor -- sh\)`,
      instead: "err API_KEY was given and no request with it came; behind the wall none goes past the proxy",
    },
  ],
  "lock-reaches-runs.txt": [
    {
      because: NO_VAULT,
      lines: "sh -c 'export V=\"$VAULT_DIR\"; vault run -- sh -c \"VAULT_DIR=\\$V vault lock\"'\nout ^locked$\n4: vault secrets delete API_KEY",
      instead: "3: sh -c 'export V=\"$VAULT_DIR\"; vault run -- sh -c \"VAULT_DIR=\\$V vault lock\"'\nerr inside a walled run\nvault lock\nout ^locked$",
    },
  ],
};

/** One in so many of a transcript's commands is a run, or what is different behind the wall is named above. The soak takes every transcript that has a run at all. */
const RUNS_ONE_IN = 4;

function isAboutRuns(file: string): boolean {
  const text = readFileSync(FOLDER + file, "utf8");
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const runs = count(/^(?!#).*\bvault run\b/gm);
  if (process.env["VAULT_SOAK"] !== undefined) return runs > 0;
  return file in BY_DESIGN || runs * RUNS_ONE_IN >= count(/^(?:\d+: |tty: .*)?(?:vault |sh -c .*\bvault )/gm);
}

const lanes = openLanes();

describe.skipIf(!can.wall || !hasTools())("transcripts behind the wall (need bubblewrap, curl and python3)", { concurrent: true }, () => {
  const runs = readdirSync(FOLDER).filter((file) => file.endsWith(".txt") && isAboutRuns(file));
  it.each(runs)("%s", async (file) => {
    await lanes(() => runTranscript(FOLDER + file, BY_DESIGN[file] ?? []));
  }, 600_000);
});
