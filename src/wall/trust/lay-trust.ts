// Has every program behind the wall trust the run's root by the places where it looks anyway: no variable is needed, and nothing outside changes.
//
// Programs that bring their roots in their own bytes are not reached: Node without NODE_EXTRA_CA_CERTS, and Rust programs that are built with webpki's roots.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VaultError, systemErrorCode } from "../../errors.ts";
import type { Mount } from "../files/mount.ts";
import { coverFirefoxPolicies, coverNssDatabase } from "./browsers.ts";
import { coverJavaStores, findJavaStores } from "./java-stores.ts";
import { findLibraryBundles } from "./library-bundles.ts";
import { openPlaces, seesBy } from "./places.ts";
import { openPreparedFolders } from "./prepared-folders.ts";
import { derOfPem, hashSubject } from "./subject-hash.ts";
import { coverFolders, findSystemBundles } from "./system-stores.ts";

export interface TrustRequest {
  /** Path of the PEM file with all that the run trusts. It is laid over others, so it must be readable behind the wall. */
  readonly bundle: string;
  /** PEM: the run's own root. */
  readonly runCa: string;
  /** The run's folder, which the program sees at its own path. A folder `trust` is made in it. */
  readonly folder: string;
  /** Real paths of the program's home and project. */
  readonly home: string;
  readonly project: string;
  /** The program's environment: PATH, JAVA_HOME, VIRTUAL_ENV and CONDA_PREFIX are looked at, and nothing that they name is run. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What the program sees of the disk: nothing is laid over what it does not see. */
  readonly files: readonly Mount[];
  /** Where this user's runs keep what they need anew each time, on the disk that the run's folder is on. */
  readonly kept?: string;
  /** The folder that is the program's `/`, where that is not this process's. */
  readonly root?: string;
}

export interface Trust {
  readonly mounts: readonly Mount[];
  /** Once nothing shows the mounts any more. */
  close(): void;
}

/**
 * Writes what is laid over trust stores, and says where. The mounts go behind `files`.
 *
 * @throws VaultError `io` where the run's folder takes no file.
 */
export function layTrust(request: TrustRequest): Trust {
  const { bundle, home, project, variables } = request;
  const places = openPlaces(seesBy(request.files), request.root);
  const folder = join(request.folder, "trust");
  try {
    mkdirSync(folder, { mode: 0o700 });
    const runCa = join(folder, "run-ca.pem");
    writeFileSync(runCa, `${request.runCa.trimEnd()}\n`, { flag: "wx", mode: 0o600 });
    // In a home folder that is fresh the place for it can be made, and nowhere else.
    const isHomeFresh = request.files.some(({ kind, path }) => path === home && (kind === "empty" || kind === "writable"));
    const database = isHomeFresh ? coverNssDatabase(folder, home, request.runCa) : [];
    const bundles = new Set([...findSystemBundles(places), ...findLibraryBundles(places, home, project, variables)]);
    const stores = findJavaStores(places, home, variables);
    const prepared = request.kept === undefined ? undefined : openPreparedFolders(request.kept, folder);
    const folders = coverFolders(places, runCa, hashSubject(derOfPem(request.runCa)), new Set([...bundles, ...stores]), prepared);
    const files: Mount[] = [...bundles].map((path) => ({ kind: "read-only", source: bundle, path }));
    const java = coverJavaStores(places, stores, folder, request.runCa, () => readFileSync(bundle, "latin1"));
    const mounts = [...folders, ...coverFirefoxPolicies(places, folder, runCa), ...files, ...java];
    const sealed: Mount[] = mounts.flatMap((mount) => (mount.kind === "empty" ? [{ kind: "sealed", path: mount.path }] : []));
    return { mounts: [...mounts, ...sealed, ...database], close: () => prepared?.close() };
  } catch (error) {
    if (error instanceof VaultError) throw error;
    throw new VaultError("io", `cannot write the trust stores of a run to "${folder}" (${systemErrorCode(error) ?? "unknown error"})`, "check that the disk is not full");
  }
}
