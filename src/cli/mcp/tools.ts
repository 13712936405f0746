// What an agent may ask: which secrets there are, what would become of a request, and its person for what is missing. Names, hosts and rules; never a value.
import { askPerson } from "../../app/approvals/ask-person.ts";
import { explain } from "../../app/runs/explain.ts";
import { isBehindWall, isInsideRun } from "../../app/keys/inside-run.ts";
import { sightVault } from "../../app/keys/sighted-vault.ts";
import { visibleSecrets } from "../../app/secrets/find-secret.ts";
import { findKnownVariables } from "../../app/services/known-variables.ts";
import type { Surroundings } from "../../app/surroundings.ts";
import { parseReason } from "../input/extent.ts";
import { explanationLines, explanationObject } from "../output/explain-lines.ts";
import { secretObject } from "../output/secret-lines.ts";
import type { SecretMetadata } from "../../vault/record.ts";
import type { Tool, ToolAnswer } from "./mcp-session.ts";

export const INSTRUCTIONS = "Credentials on this machine are kept by vault. A program that is started by vault run has placeholders in its environment, and a proxy puts the values into requests to the hosts that each is bound to. Use list to see which secrets there are and what they are called, and explain when a request was refused or before you make one. No tool gives a value; never ask the person to paste one: use ask inside a run, or tell the person which command to type.";

const VIEW = {
  workspace: { type: "string", description: "the workspace that the run is in; leave it out for the secrets that every run sees" },
  group: { type: "string", description: "the group, with a workspace" },
} as const;

export function makeTools(surroundings: Surroundings): readonly Tool[] {
  return [
    {
      name: "list",
      title: "List secrets",
      description: "Which secrets there are: the variable that holds each, the hosts that it may go to, and its service. Never a value.",
      properties: VIEW,
      required: [],
      call: (given) => (isBehindWall() ? Promise.resolve(listHeld(surroundings)) : listSecrets(surroundings, given)),
    },
    {
      name: "explain",
      title: "Explain a request",
      description: "What a run would do with a request, without sending it: whether the value would be put in, or why not. Outside of a run, also what the person would type to allow it.",
      properties: { method: { type: "string", description: "GET, POST …" }, url: { type: "string", description: "the URL; a key in it is not needed" }, secret: { type: "string", description: "only this secret, by its name" }, ...VIEW },
      required: ["method", "url"],
      call: (given) => explainRequest(surroundings, given),
    },
    {
      name: "ask",
      title: "Ask the person",
      description: "Inside a run: asks the person who started it for a secret or a host that is missing, and waits for a yes or a no, two minutes at most. A yes changes nothing by itself: the person starts the run anew, or binds the host.",
      properties: { what: { type: "string", description: "the name of a secret, or a host" }, reason: { type: "string", description: "what the person is shown, as your words" } },
      required: ["what"],
      call: async ({ what = "", reason }) => {
        await askPerson(surroundings.variables, what, parseReason(reason));
        return { object: { answer: "yes" }, lines: ["yes"] };
      },
    },
  ];
}

async function listSecrets(surroundings: Surroundings, { workspace, group }: Readonly<Record<string, string>>): Promise<ToolAnswer> {
  const { file, isVerified } = await sightVault(surroundings);
  const secrets = [...visibleSecrets(file.records.all(), { workspace, group }).values()];
  return { object: { secrets: secrets.map(describeSecret), verified: isVerified }, lines: secrets.length === 0 ? [`there are no secrets here; ${(await isInsideRun(surroundings)) ? "ask the person who started this run" : "a person makes one: vault secrets create NAME --host HOST"}`] : secrets.map(({ name, hosts, service }) => `${name}: ${hosts.join(" ")}${service === undefined ? "" : ` (${service})`}`) };
}

/** Of what `secrets show` tells, what is of use to who makes requests. */
function describeSecret(secret: SecretMetadata): Record<string, unknown> {
  const { name, service, hosts, inject, rules, source } = secretObject(secret);
  return { name, service, hosts, inject, rules, source };
}

/** Behind the wall there is no vault. What the run has set is known by the names alone. */
function listHeld(surroundings: Surroundings): ToolAnswer {
  const held = findKnownVariables(surroundings);
  return { object: { variables: held, walled: true }, lines: ["this is behind a wall, where there is no vault; of known services, these variables are set:", ...held.map(({ name, hosts }) => `${name}: ${hosts.join(" ")}`)] };
}

async function explainRequest(surroundings: Surroundings, { method = "", url = "", secret, workspace, group }: Readonly<Record<string, string>>): Promise<ToolAnswer> {
  const explanation = await explain(surroundings, { method: method.toUpperCase(), url, viewpoint: { workspace, group }, names: secret === undefined ? undefined : [secret], denyUnmatched: false, strict: false });
  return { object: { ...explanationObject(explanation), verified: explanation.isVerified }, lines: explanationLines(explanation) };
}
