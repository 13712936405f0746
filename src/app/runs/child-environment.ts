// What a child finds around it: the run's files, and the environment that leads it to the proxy. The doctor's probes get the very same, so that they tell of runs.
import type { Grant } from "../../proxy/grants/grant.ts";
import { hostsLookedInto } from "../../proxy/grants/hosts-looked-into.ts";
import type { Proxy } from "../../proxy/server.ts";
import { writeCaFile } from "../../run/roots/ca-file.ts";
import type { Hiding } from "../../run/hidden-values.ts";
import type { RunEnvironment } from "../../run/environment.ts";
import { buildEnvironment } from "../../run/environment.ts";
import { GOOGLE_FILE_VARIABLE, GOOGLE_TOKEN_VARIABLES, writeGoogleFile } from "../../run/clients/google-credentials.ts";
import { writeKubeConfig } from "../../run/clients/kube-config.ts";
import { writeNodeRoutes } from "../../run/clients/node-routes.ts";
import { writePhpIni } from "../../run/clients/php-ini.ts";
import { preloadWords } from "../../run/clients/preload-words.ts";
import { writePythonSite } from "../../run/clients/python-site.ts";
import { writeWgetrc } from "../../run/clients/wgetrc.ts";
import { formatHostBinding } from "../../vault/host.ts";
import type { Surroundings } from "../surroundings.ts";

/** A granted secret and what the child's environment calls it. */
export interface NamedGrant {
  /** Undefined for one that no variable is to hold: only its value is hidden. */
  readonly variable: string | undefined;
  readonly grant: Grant;
}

export interface ChildNeeds {
  /** The run's own, private; files are put into it. */
  readonly folder: string;
  readonly proxy: Pick<Proxy, "url" | "caCertificate">;
  readonly grants: readonly NamedGrant[];
  /** Further values that no variable is to show. */
  readonly beside?: Hiding["hidden"];
  readonly denyUnmatched: boolean;
  /** What `.env` files add: variables alone, and no files to be read. */
  readonly plain?: Readonly<Record<string, string>>;
  /** PEM: what the child trusts beside the run's CA. */
  readonly trusted: readonly string[];
  /** Variables that hold the vault's own key. */
  readonly withheld: readonly string[];
}

/** @throws VaultError `io` where a file cannot be written. */
export async function furnishChild({ variables }: Pick<Surroundings, "variables">, { folder, proxy, grants, beside = [], denyUnmatched, plain, trusted, withheld }: ChildNeeds): Promise<RunEnvironment> {
  const caFile = writeCaFile(folder, trusted, proxy.caCertificate);
  const boundHosts = grants.flatMap(({ grant }) => hostsLookedInto(grant));
  const kubeConfig = await writeKubeConfig(folder, { variables, caFile, boundHosts });
  writeNodeRoutes(folder, { proxyUrl: proxy.url, caCertificate: proxy.caCertificate, caFile, bound: boundHosts.map(formatHostBinding), denyUnmatched });
  const tools = furnishTools(folder, grants);
  const environment = buildEnvironment({
    inherited: { ...plain, ...variables },
    placeholders: grants.flatMap(({ variable, grant }) => (variable === undefined ? [] : [{ variable, placeholder: grant.placeholder }])),
    hidden: [...grants.map(({ grant }) => ({ value: grant.value, placeholder: grant.placeholder })), ...beside],
    withheld,
    proxyUrl: proxy.url,
    caFile,
    wgetrc: writeWgetrc(folder, caFile, variables),
    nodeOptions: preloadWords(folder),
    pythonFolder: writePythonSite(folder, { proxyUrl: proxy.url, caFile, root: proxy.caCertificate, boundHosts }),
    phpFolder: writePhpIni(folder, caFile),
    ...(kubeConfig === undefined ? {} : { kubeConfig }),
    forTools: tools.variables,
    boundHosts,
  });
  return { ...environment, warnings: [...environment.warnings, ...tools.warnings] };
}

interface Tools {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly warnings: readonly string[];
}

/** What libraries look for that read no variable of a secret's own name. They take one credential of each provider: of several nobody has said which. */
function furnishTools(folder: string, grants: readonly NamedGrant[]): Tools {
  const given = grants.flatMap(({ variable, grant }) => (variable === undefined ? [] : [grant]));
  const google = chooseOne("Google's", GOOGLE_FILE_VARIABLE, given.filter(({ tokenEndpoint }) => tokenEndpoint !== undefined), (placeholder) => ({
    [GOOGLE_FILE_VARIABLE]: writeGoogleFile(folder, placeholder),
    ...Object.fromEntries(GOOGLE_TOKEN_VARIABLES.map((name) => [name, placeholder])),
  }));
  const aws = chooseOne("AWS's", AWS_VARIABLES[0], given.filter(({ signs }) => signs === "aws"), (placeholder) => ({
    ...Object.fromEntries(AWS_VARIABLES.map((name) => [name, placeholder])),
    // By which newer libraries pass over the variables.
    AWS_PROFILE: undefined,
  }));
  return { variables: { ...google.variables, ...aws.variables }, warnings: [...google.warnings, ...aws.warnings] };
}

/** AWS's libraries sign with these, and the run's proxy signs anew. */
const AWS_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;

function chooseOne(whose: string, variable: string, grants: readonly Grant[], furnish: (placeholder: string) => Tools["variables"]): Tools {
  const [first, second] = grants;
  if (first === undefined) return { variables: {}, warnings: [] };
  if (second !== undefined) return { variables: {}, warnings: [`${grants.map(({ name }) => name).join(" and ")} are ${whose}, so the program gets no ${variable}: name the one that its libraries are to use with -s`] };
  return { variables: furnish(first.placeholder), warnings: [] };
}
