// The trust stores of the JVMs that a program may start, with the run's root in each.
import { writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { readBounded } from "../../disk/bounded-file.ts";
import type { Mount } from "../files/mount.ts";
import { formatKeystore, readKeystore } from "./java-keystore.ts";
import type { Places } from "./places.ts";
import { derOfAll, derOfPem } from "./subject-hash.ts";

/** Folders that hold one JVM each, in the system and below the home folder (SDKMAN, IntelliJ, Gradle, asdf, mise, jEnv). */
const SYSTEM_FOLDERS = ["/usr/lib/jvm", "/usr/lib64/jvm", "/usr/java", "/opt/java", "/opt"] as const;
const HOME_FOLDERS = [".sdkman/candidates/java", ".jdks", ".gradle/jdks", ".asdf/installs/java", ".local/share/mise/installs/java", ".jenv/versions"] as const;
/** Of a JVM's folder; the first, where it is there, is read in place of the second. Java 8 has them in `jre`. */
const STORES = ["lib/security/jssecacerts", "lib/security/cacerts", "jre/lib/security/jssecacerts", "jre/lib/security/cacerts"] as const;
/** What distributions have in place of each JVM's own. */
const SYSTEM_STORES = ["/etc/ssl/certs/java/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts", "/etc/ca-certificates/extracted/java-cacerts.jks", "/etc/ssl/certs/java/cacerts.jks", "/var/lib/ca-certificates/java-cacerts"] as const;

const STORE_BYTES_MAX = 8 * 1024 * 1024;

/** @returns the real paths of the stores of every JVM on the PATH, in JAVA_HOME and where JVMs are installed. */
export function findJavaStores(places: Places, home: string, variables: Readonly<Record<string, string | undefined>>): string[] {
  const programs = places.realPaths((variables["PATH"] ?? "").split(delimiter).filter((folder) => folder.startsWith("/")).map((folder) => `${folder}/java`));
  const installed = [...SYSTEM_FOLDERS, ...HOME_FOLDERS.map((folder) => `${home}/${folder}`)].flatMap((folder) => places.names(folder).map((name) => `${folder}/${name}`));
  const javaHome = variables["JAVA_HOME"] ?? "";
  const folders = [...programs.map((program) => dirname(dirname(program))), ...(javaHome.startsWith("/") ? [javaHome] : []), ...installed];
  return [...new Set([...places.realFiles(folders.flatMap((folder) => STORES.map((store) => `${folder}/${store}`))), ...places.realPaths(SYSTEM_STORES)])];
}

/**
 * Writes a store for each: what it trusts already, and the run's root.
 *
 * @param folder of the run, in which the new stores are written.
 * @param bundle PEM of all that the run trusts, for a store whose own certificates cannot be read.
 */
export function coverJavaStores(places: Places, stores: readonly string[], folder: string, runCa: string, bundle: () => string): Mount[] {
  return stores.map((path, number) => {
    const file = readBounded(places.onDisk(path), STORE_BYTES_MAX);
    const trusted = file.kind === "unreadable" ? [] : readKeystore(file.bytes);
    const certificates = trusted.length > 0 ? [derOfPem(runCa), ...trusted] : derOfAll(bundle());
    const source = join(folder, `java-${number}.jks`);
    writeFileSync(source, formatKeystore(certificates, Date.now()), { flag: "wx", mode: 0o600 });
    return { kind: "read-only", source, path };
  });
}
