import type { KeySource } from "../app/keys/status.ts";
import { readStatus } from "../app/keys/status.ts";
import { describeReason } from "../app/sources/failure-text.ts";
import { countKinds, failingOf, surveyMade } from "../app/sources/made-secrets.ts";
import { formatDuration } from "../cli/output/duration-text.ts";
import { visible } from "../cli/output/visible-text.ts";
import { makeSurroundings } from "../cli/surroundings.ts";
import { firstUseFlags, VaultCommand } from "../cli/vault-command.ts";
import { encodeBase64, encodeHex } from "../bytes.ts";

export default class Status extends VaultCommand {
  static override summary = "Tell whether the vault is unlocked, where its key comes from, and where things are";
  static override description = "Never needs the key; verifies the vault file where the key is at hand. Where there is no vault, one is made, and stderr says where its key is and how to choose another place for it.";
  static override aliases = ["whoami"];
  static override examples = ["<%= config.bin %> status", "<%= config.bin %> status --json"];

  static override flags = { ...firstUseFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(Status);
    const surroundings = makeSurroundings(undefined, flags["no-init"]);
    const { state, provider, source, fallback, file, isVerified, paths, store } = await readStatus(surroundings);
    const { contents } = file;
    const made = await surveyMade(surroundings, file);
    const [kinds, failing] = [countKinds(made), failingOf(made)];
    const object = {
      state,
      provider,
      source,
      fallback,
      keyId: encodeHex(contents.slot.keyId),
      secrets: file.records.count,
      made: kinds,
      failing,
      generation: contents.generation,
      id: encodeBase64(contents.id),
      verified: isVerified,
      store: store === undefined ? null : { at: store.at, reachable: store.isReachable },
      paths: { vault: paths.vaultFile, audit: paths.auditFolder, anchor: paths.anchorFile, socket: paths.agent.socket },
    };
    this.answer(flags.json, object, [
      `state       ${state}`,
      `provider    ${provider}`,
      `key source  ${describeSource(source)}`,
      ...(source.kind === "agent" ? [`without it  ${describeSource(fallback)}`] : []),
      `secrets     ${file.records.count}`,
      ...(made.length === 0 ? [] : [`made values ${Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`).join(", ")}`]),
      ...failing.map(({ name, at, reason }) => `no value    ${name}, since ${at}: ${visible(describeReason(reason))} (vault doctor --try)`),
      `generation  ${contents.generation}`,
      ...(store === undefined ? [] : [`store       ${store.at}${store.isReachable ? "" : " (cannot be reached)"}`]),
      `${store === undefined ? "vault " : "copy  "}      ${paths.vaultFile}`,
      `audit log   ${paths.auditFolder}`,
    ]);
  }
}

function describeSource(source: KeySource): string {
  switch (source.kind) {
    case "agent":
      if (source.isForRuns) return `agent (process ${source.pid}), as long as runs need it for values that are made`;
      return `agent (process ${source.pid}), for ${formatDuration(source.secondsLeft)}, ${formatDuration(source.idleSecondsLeft)} when unused`;
    case "file":
      return `key file ${source.path}${source.isThere ? "" : " (missing)"}`;
    case "env":
      return `variable ${source.variable}${source.isThere ? "" : " (not set)"}`;
    case "keyring":
      return `keyring entry ${source.service} / ${source.account}`;
    case "passphrase":
      return "passphrase, asked for";
  }
}
