import { resolve } from "node:path";
import { Flags } from "@oclif/core";
import { untilStopped } from "../cli/until-stopped.ts";
import { makeSurroundings, surroundingsOf } from "../cli/surroundings.ts";
import { parseListen, readPem } from "../cli/input/broker-flags.ts";
import { forPersonOnly, personFlags } from "../cli/input/person-flags.ts";
import { passphraseFlags, VaultCommand } from "../cli/vault-command.ts";
import { VaultError } from "../errors.ts";

export default class Serve extends VaultCommand {
  static override summary = "Be the broker of runs on other machines: keys, values, proxies and logs stay here";
  static override description = "Identities that the vault's owner has accepted (vault identity accept) use its secrets by vault run --broker, and never have them. Without TLS it listens on this machine alone. GET /health and /ready tell how it is; GET /metrics, to this machine alone, counts. It goes on until it is interrupted.";
  static override examples = [
    "<%= config.bin %> serve",
    { description: "For other machines", command: "<%= config.bin %> serve --listen 0.0.0.0:7998 --tls-cert broker.pem --tls-key broker.key --name https://broker.example:7998" },
  ];
  static override flags = {
    listen: Flags.string({ description: "where to listen", default: "127.0.0.1:7998", helpValue: "HOST:PORT" }),
    "tls-cert": Flags.string({ description: "the certificate's chain, in PEM", helpValue: "FILE", dependsOn: ["tls-key"] }),
    "tls-key": Flags.string({ description: "its private key, in PEM", helpValue: "FILE", dependsOn: ["tls-cert"] }),
    name: Flags.string({ description: "the address that runs call it by, where that is another than it listens on", helpValue: "URL" }),
    vault: Flags.string({ description: "serve the vault in this VAULT_DIR too, whose owner is another principal; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "DIR" }),
    "upstream-ca": Flags.string({ description: "trust the certificates in this PEM file too; may be repeated", multiple: true, multipleNonGreedy: true, helpValue: "FILE" }),
    ...personFlags,
    ...passphraseFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Serve);
    const own = await forPersonOnly("serve", makeSurroundings(flags["passphrase-file"]), flags);
    const { serveBroker } = await import("../app/broker/serve.ts");
    const [certificate, key] = [flags["tls-cert"], flags["tls-key"]];
    const broker = await serveBroker({
      ...parseListen(flags.listen),
      tls: certificate === undefined || key === undefined ? undefined : { certificate: await readPem("--tls-cert", certificate), key: await readPem("--tls-key", key) },
      name: flags.name,
      owners: [own, ...(flags.vault ?? []).map((folder) => surroundingsOf(own, resolve(folder)))],
      upstreamRoots: await Promise.all((flags["upstream-ca"] ?? []).map((path) => readPem("--upstream-ca", path))),
    }, own.warn);
    try {
      this.answer(flags.json, { broker: broker.origin, port: broker.port }, [`serving at ${broker.origin}`]);
      await untilStopped((signal) => new Promise((stopped) => { signal.addEventListener("abort", () => { stopped(); }, { once: true }); }));
    } catch (error) {
      throw error instanceof VaultError ? error : new VaultError("io", "the broker has stopped");
    } finally {
      await broker.close();
    }
  }
}
