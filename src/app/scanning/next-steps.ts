// What to do about a value that no import takes: how it gets into the vault, by a line that can be typed as it stands, and what becomes of the place where it is. Pure.
import type { Attention } from "../../scan/attention.ts";
import type { CredentialKind } from "../../scan/clue.ts";
import { isSecretName } from "../../vault/record.ts";
import { quoteWord } from "./quote-word.ts";

export interface Found {
  /** As it is shown, and as it is named to a command. */
  readonly file: string;
  readonly at: string;
  readonly line: number;
  readonly attention: Attention;
  readonly title: string | undefined;
  readonly kind: CredentialKind;
  readonly name: string | undefined;
  readonly service: string | undefined;
  /** What programs of that service read it from. */
  readonly variable: string | undefined;
  /** The secret with this value. */
  readonly secret: string | undefined;
  /** Tells values apart. */
  readonly digest: string;
  /** Nothing else stands in the file. */
  readonly isWhole: boolean;
  readonly isOpenSsh: boolean;
}

export interface NextStep {
  /** How the line with the command begins. */
  readonly aim: "into the vault" | "give it a passphrase" | "encrypt it";
  /** Undefined where the vault has the value, or nothing can be typed. It asks for what it needs: no value stands in it. */
  readonly command: string | undefined;
  readonly then: string;
}

/** Programs change these by themselves, and do no more without them. */
const RENEWED = /^(?:ACCESS|REFRESH|ID)_TOKEN$/;
/** Of tools that ask a program for what they need. */
const ASKING = new Set(["git", "Docker", "Podman", "kubectl", "AWS"]);

/** In the order of what was found: each value goes into the vault once, under a name of its own, and each place is told once. */
export function nextSteps(found: readonly Found[]): NextStep[] {
  const steps = new Map<string, NextStep>();
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const one of found) {
    const known = one.secret ?? names.get(one.digest);
    const name = known ?? freeName(nameFor(one), taken);
    const step = stepFor(one, name, known !== undefined);
    if (step.command !== undefined && step.aim === "into the vault") {
      names.set(one.digest, name);
      taken.add(name);
    }
    const key = `${step.command ?? ""}\n${step.then}`;
    if (!steps.has(key)) steps.set(key, step);
  }
  return [...steps.values()];
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2, free = name; ; free = `${name}_${number}`, number += 1) if (!taken.has(free)) return free;
}

function stepFor(found: Found, name: string, isKnown: boolean): NextStep {
  const { file, at, line, kind, title, isWhole } = found;
  const where = `line ${line} of ${file}`;
  if (kind === "private-key") return keyStep(found);
  if (!isKnown && found.name !== undefined && title !== undefined && RENEWED.test(fold(found.name))) {
    return { aim: "into the vault", command: undefined, then: `leave ${where} to its program, which renews that login; where you do not need it, log out there` };
  }
  const command = isKnown ? undefined : ["vault secrets create", name, ...(found.service === undefined || found.variable === name ? [] : ["--service", found.service]), ...(isWhole ? ["--from-file", quoteWord(at)] : [])].join(" ");
  return { aim: "into the vault", command, then: placeOf(found, name, where) };
}

function placeOf({ file, attention, title, isWhole, kind }: Found, name: string, where: string): string {
  if (attention === "history") return `take ${where} out, with no other shell open: one that ends writes its history anew`;
  if (title === "npm") return `put \${${name}} in its place on ${where}: npm reads the variable`;
  if (title !== undefined && ASKING.has(title)) return `take it out of ${where}: ${title} asks the vault by a program of ours (docs/tool-credentials.md)`;
  if (isWhole) return `remove ${file}, and start what reads it with vault run: it has ${name} as a variable`;
  if (kind === "url-password") return `take it out of ${where}; a database takes no placeholder, and its password can be sealed in its file (docs/sealed-files.md)`;
  return `take it out of ${where}, and start what reads it with vault run: it has ${name} as a variable`;
}

/** No request carries these. */
function keyStep({ file, at, line, isWhole, isOpenSsh, secret }: Found): NextStep {
  if (secret !== undefined) return { aim: "into the vault", command: undefined, then: `remove line ${line} and the rest of the key from ${file}: the vault has it as ${secret}` };
  if (!isWhole) return { aim: "encrypt it", command: undefined, then: `take the key at line ${line} out of ${file}, into a file of its own; keys that mint tokens go into the vault (docs/sources.md)` };
  if (isOpenSsh) return { aim: "give it a passphrase", command: `ssh-keygen -p -f ${quoteWord(at)}`, then: `ssh-add ${quoteWord(at)} lets you type it once` };
  return { aim: "encrypt it", command: `openssl pkey -aes256 -in ${quoteWord(at)} -out ${quoteWord(`${at}.encrypted`)}`, then: `remove ${file}; a key that mints tokens goes into the vault (docs/sources.md)` };
}

/** As programs call it; by what stands there; by whose file it is. */
function nameFor({ name, variable, service, title }: Found): string {
  const own = name === undefined ? "" : fold(name);
  // In capitals it is a variable already; a word of settings is less telling than the service.
  if (own.includes("_") && isSecretName(own) && (own === name || variable === undefined)) return own;
  return variable ?? [service ?? title ?? "", own === "" ? "TOKEN" : own].map((part) => fold(part).replace(/^(?:A|AN)_(?=.)/, "")).filter((part) => part !== "").join("_").replace(/^(?=[0-9])/, "_");
}

function fold(words: string): string {
  return words.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/[^A-Za-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "").toUpperCase();
}
