// Stores of other makers: how each one's own program is asked for the value at an address. One data file each; nothing of theirs is brought along.
import awsSm from "./stores/aws-sm.json" with { type: "json" };
import azKv from "./stores/az-kv.json" with { type: "json" };
import bw from "./stores/bw.json" with { type: "json" };
import doppler from "./stores/doppler.json" with { type: "json" };
import gcpSm from "./stores/gcp-sm.json" with { type: "json" };
import gopass from "./stores/gopass.json" with { type: "json" };
import infisical from "./stores/infisical.json" with { type: "json" };
import keyring from "./stores/keyring.json" with { type: "json" };
import op from "./stores/op.json" with { type: "json" };
import pass from "./stores/pass.json" with { type: "json" };
import vault from "./stores/vault.json" with { type: "json" };

/** `store.schema.json` says what each member means. */
export interface Store {
  readonly id: string;
  readonly title: string;
  readonly documentation: string;
  readonly address: string;
  readonly pattern: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly answer: string;
  readonly variables: readonly string[];
  readonly darwin?: { readonly program: string; readonly arguments: readonly string[] };
}

export interface Question {
  /** As it is looked for in the PATH. */
  readonly program: string;
  readonly args: readonly string[];
  readonly answer: string;
  /** Of the JSON object that the value is, the text that is meant. */
  readonly member: string | undefined;
}

export const STORES: readonly Store[] = [awsSm, azKv, bw, doppler, gcpSm, gopass, infisical, keyring, op, pass, vault];

/** The store whose addresses begin like this one. */
export function findStoreOf(address: string): Store | undefined {
  return findStore(/^([a-z][a-z0-9-]*):\/\//.exec(address)?.[1] ?? "");
}

export function findStore(id: string): Store | undefined {
  return STORES.find((store) => store.id === id);
}

/**
 * What the store's program is asked for the value at an address. Undefined for an address that is not in the store's form, or of which a part would be taken for an option.
 *
 * @param platform as Node calls it.
 */
export function planQuestion(store: Store, address: string, platform: NodeJS.Platform = process.platform): Question | undefined {
  const match = new RegExp(store.pattern, "u").exec(address);
  if (match === null || !/^[\x20-\x7e]+$/.test(address)) return undefined;
  const { program, arguments: templates } = (platform === "darwin" ? store.darwin : undefined) ?? store;
  const { member, ...groups } = match.groups ?? {};
  const parts: Readonly<Record<string, string | undefined>> = { ...groups, address };
  const args = templates.map((template) => template.replaceAll(/\{([a-z]+)\}/g, (_all, name: string) => parts[name] ?? ""));
  const isOption = args.some((argument, index) => templates[index]?.startsWith("{") === true && argument.startsWith("-"));
  return isOption ? undefined : { program, args, answer: store.answer, member };
}
