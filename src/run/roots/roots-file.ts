// The owner's own roots for connections outwards: a company's proxy, say, that looks into TLS. A file, and no variable, since variables come from wherever the program was started.
import { readPrivateFile } from "../../disk/durable-file.ts";
import { VaultError } from "../../errors.ts";
import { holdsCertificate } from "./ca-file.ts";

const BYTES_MAX = 8 * 1024 * 1024;

/**
 * @returns the file's text, PEM; nothing where there is no file.
 * @throws VaultError `unsafe-file` for a link, another user's file, or one open to others; `usage` where it holds no certificate; `too-large`, `io`.
 */
export function readRootsFile(path: string): string[] {
  const bytes = readPrivateFile(path, BYTES_MAX);
  if (bytes === undefined) return [];
  const text = Buffer.from(bytes).toString("latin1");
  if (!holdsCertificate(text)) throw new VaultError("usage", `the roots file "${path}" holds no certificate`, "put PEM certificates into it, or remove it");
  return [text];
}
