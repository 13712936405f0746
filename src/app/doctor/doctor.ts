// Looks at everything that can be wrong with a vault and its surroundings. Changes nothing, asks nobody, and needs no key, but uses one that is at hand.
import { dirname, sep } from "node:path";
import type { VaultPaths } from "../../paths.ts";
import type { VaultFile } from "../../vault/vault-file.ts";
import type { Holding } from "./file-system.ts";
import { examineFileSystems } from "./file-system.ts";
import type { Check, Finding } from "./finding.ts";
import { note, problemOf } from "./finding.ts";
import { examineAgent, examineKeySource, examineVariables, findKeyFilePath } from "./key-source.ts";
import { examineLeftOvers, examineLocks, examineSuccessors } from "./left-overs.ts";
import { judgeNode } from "./node-version.ts";
import { examinePlaces } from "./places.ts";
import { examineSources, recallSources } from "./sources.ts";
import { examineStore } from "./store.ts";
import { examineStarter, examineTrust } from "./trust.ts";
import { examineAudit, examineSecrets, examineVaultFile } from "./vault-contents.ts";
import type { Surroundings } from "../surroundings.ts";
import { withoutPassphrase } from "../surroundings.ts";

/**
 * Everything that was found, good and bad, in the order in which it is best read. A vault that is missing is a finding too.
 * What hangs on a file that is unsafe is not judged on top of that.
 *
 * @param triesSources whether each source is asked for its value, which is for the person alone: what it says is told.
 */
export async function examine(given: Surroundings, triesSources = false): Promise<Finding[]> {
  const surroundings = withoutPassphrase(given);
  const { paths } = surroundings;
  // Before the copy is looked at, which it may bring up to date.
  const store = await examineStore(paths);
  const { vault, anchor, file } = await examineVaultFile(paths);
  const keyFile = file === undefined ? undefined : findKeyFilePath(surroundings, file);
  const places = lookAtPlaces(paths, keyFile);
  const isUnsafe = (path: string): boolean => [...places.unsafePaths].some((unsafe) => unsafe === path || unsafe.startsWith(`${path}${sep}`));
  const about: Subject = { surroundings, file, keyFile, isUnsafe, triesSources };
  return [
    judgeNode(process.versions.node),
    ...places.findings,
    ...lookFor("file-system", () => examineFileSystems(listHoldings(paths, keyFile))),
    ...lookFor("locks", () => examineLocks(paths)),
    ...lookFor("left-overs", () => examineLeftOvers(paths, keyFile)),
    ...store,
    isUnsafe(paths.vaultFile) ? note("vault", "the vault file was not looked into, because it is unsafe") : vault,
    ...(anchor === undefined ? [] : [isUnsafe(paths.anchorFile) ? note("anchor", "the rollback anchor was not looked into, because it is unsafe") : anchor]),
    ...(await examineWithKey(about)),
    ...(isUnsafe(paths.rootsFile) ? [note("trust", "the roots file was not looked into, because it is unsafe")] : lookFor("trust", () => examineTrust(surroundings))),
    ...examineVariables(surroundings, file),
    ...examineStarter(surroundings),
  ];
}

interface Subject {
  readonly surroundings: Surroundings;
  readonly file: VaultFile | undefined;
  readonly keyFile: string | undefined;
  /** Whether a path, or one below it, has a problem of its own. */
  readonly isUnsafe: (path: string) => boolean;
  readonly triesSources: boolean;
}

/** The agent and the key's own source are both looked at; whichever has the key opens the rest. */
async function examineWithKey({ surroundings, file, keyFile, isUnsafe, triesSources }: Subject): Promise<Finding[]> {
  const { paths } = surroundings;
  const agent = isUnsafe(paths.agent.folder) ? notAsked("agent", "the agent was not asked, because its files are unsafe") : await examineAgent(surroundings, file);
  if (file === undefined) {
    agent.holder?.close();
    return [...agent.findings];
  }
  const isKeyUnsafe = keyFile !== undefined && isUnsafe(keyFile);
  const source = isKeyUnsafe ? notAsked("key", "the key file was not read, because it is unsafe") : await examineKeySource(surroundings, file);
  try {
    const successors = keyFile === undefined ? [] : lookFor("key", () => examineSuccessors(keyFile, file.contents.slot.keyId));
    const holder = agent.holder ?? source.holder;
    const opened = holder === undefined ? undefined : await examineSecrets(paths, file, holder);
    const unopened = note("secrets", "whether the vault file is authentic and its secrets open was not checked: the key is not at hand", file.contents.slot.locator.provider === "passphrase" ? "vault unlock; vault doctor" : undefined);
    const audit = isUnsafe(paths.auditFolder)
      ? note("audit", "the audit log was not looked into, because it is unsafe")
      : await examineAudit(paths, file, opened?.isAuthentic === true ? holder : undefined);
    const sources = !triesSources ? (isUnsafe(paths.auditFolder) ? [] : await recallQuietly(surroundings, file)) : holder === undefined || opened?.isAuthentic !== true ? [note("sources", "no source was tried: the key is not at hand")] : await examineSources(surroundings, file, holder);
    return [...agent.findings, ...source.findings, ...successors, opened?.finding ?? unopened, ...sources, audit];
  } finally {
    agent.holder?.close();
    source.holder?.close();
  }
}

function notAsked(check: Check, why: string): { readonly findings: readonly Finding[]; readonly holder: undefined } {
  return { findings: [note(check, why)], holder: undefined };
}

async function recallQuietly(surroundings: Surroundings, file: VaultFile): Promise<readonly Finding[]> {
  const [recalled] = await Promise.allSettled([recallSources(surroundings, file)]);
  return lookFor("sources", () => {
    if (recalled.status === "rejected") throw recalled.reason;
    return recalled.value;
  });
}

/** A folder that cannot be listed is a finding, and no reason to find nothing else. */
function lookFor(check: Check, examineIt: () => readonly Finding[]): readonly Finding[] {
  try {
    return examineIt();
  } catch (error) {
    return [problemOf(check, error, "check that the vault's folders are yours to read; which they are: vault status")];
  }
}

function lookAtPlaces(paths: VaultPaths, keyFile: string | undefined): ReturnType<typeof examinePlaces> {
  try {
    return examinePlaces(paths, keyFile);
  } catch (error) {
    return { findings: [problemOf("permissions", error, "check that the vault's folders are yours to read; which they are: vault status")], unsafePaths: new Set() };
  }
}

function listHoldings({ dataFolder, auditFolder }: VaultPaths, keyFile: string | undefined): Holding[] {
  return [
    { what: "the data folder", path: dataFolder, hasKey: false },
    { what: "the audit folder", path: auditFolder, hasKey: false },
    ...(keyFile === undefined ? [] : [{ what: "the key file's folder", path: dirname(keyFile), hasKey: true }]),
  ];
}
