// What flags say of a broker.
import { Flags } from "@oclif/core";
import { VaultError } from "../../errors.ts";
import { readInput } from "./file-input.ts";

export const brokerFlags = {
  broker: Flags.string({ description: "have the broker at this address keep keys, values and the log: this machine holds none of them", helpValue: "URL", dependsOn: ["identity"] }),
  "broker-ca": Flags.string({ description: "trust the certificates in this PEM file for the broker's own, and no others", helpValue: "FILE", dependsOn: ["broker"] }),
  "broker-vault": Flags.string({ description: "the id of the vault, where several have accepted the identity", helpValue: "ID", dependsOn: ["broker"] }),
  identity: Flags.string({ description: "as whom to ask the broker: a handle of vault identity create", helpValue: "HANDLE" }),
};

const PEM_BYTES_MAX = 8 * 1024 * 1024;

/** `HOST:PORT`, `[::1]:7998` or `:7998`. @throws VaultError `usage`. */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):([0-9]{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new VaultError("usage", `"${text}" is no place to listen on`, "--listen 127.0.0.1:7998");
  const host = match[1] ?? match[2] ?? "";
  return { host: host === "" ? "127.0.0.1" : host, port };
}

/** @throws VaultError `usage` for a file that holds no PEM. */
export async function readPem(flag: string, path: string): Promise<string> {
  const text = Buffer.from(await readInput(path, "the file", PEM_BYTES_MAX)).toString("latin1");
  if (!/-----BEGIN [A-Z ]+-----/.test(text)) throw new VaultError("usage", `"${path}" holds nothing in PEM`, `${flag} takes a PEM file`);
  return text;
}
