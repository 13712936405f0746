import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "./real-servers.ts";
import type { ServedProgram } from "./served-program.ts";
import { makeServerFolder, openServedProgram } from "./served-program.ts";

/**
 * The Versity S3 Gateway over a folder. It judges a write's condition and makes the write under one lock, as Amazon does; a stand-in that looks first and writes then proves nothing of races.
 * Go installs programs where no PATH leads.
 */
const PROGRAM = ["versitygw", join(homedir(), "go/bin/versitygw")].find((path) => spawnSync(path, ["--version"]).status === 0);

export const hasS3 = PROGRAM !== undefined;

export interface S3Server extends ServedProgram {
  readonly port: number;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** @param root where its buckets are, unless that is a folder of its own. */
export async function openS3Server(root?: string): Promise<S3Server> {
  const [folder, port, bucket, accessKeyId, secretAccessKey] = [makeServerFolder("s3"), await findFreePort(), "vaults", "AKIAENGINETESTS00001", "kw4Yt8/Zq2mN+v7RcB1xLs9dJf0HgP3aUeT6iOwQ"];
  const buckets = root ?? join(folder, "buckets");
  // A folder is a bucket.
  mkdirSync(join(buckets, bucket), { recursive: true });
  const program = await openServedProgram({
    command: PROGRAM ?? "", args: ["--port", `127.0.0.1:${port}`, "--keep-alive", "--quiet", "posix", buckets], port, folder,
    options: { cwd: folder, env: { PATH: process.env["PATH"], HOME: folder, ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey } },
  });
  return { ...program, port, bucket, accessKeyId, secretAccessKey };
}
