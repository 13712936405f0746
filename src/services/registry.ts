// The services that this program knows: where their keys may go, and what their keys look like. One JSON file each.
import anthropic from "./anthropic.json" with { type: "json" };
import cloudflare from "./cloudflare.json" with { type: "json" };
import github from "./github.json" with { type: "json" };
import gitlab from "./gitlab.json" with { type: "json" };
import googleGemini from "./google-gemini.json" with { type: "json" };
import groq from "./groq.json" with { type: "json" };
import huggingface from "./huggingface.json" with { type: "json" };
import mistral from "./mistral.json" with { type: "json" };
import npm from "./npm.json" with { type: "json" };
import openai from "./openai.json" with { type: "json" };
import openrouter from "./openrouter.json" with { type: "json" };
import sendgrid from "./sendgrid.json" with { type: "json" };
import slack from "./slack.json" with { type: "json" };
import stripe from "./stripe.json" with { type: "json" };

/** A service as its file describes it. */
export interface Service {
  /** What `--service` and the vault file call it. */
  readonly id: string;
  readonly title: string;
  /** Variables that hold its key by convention: a secret of that name is pinned to its hosts. */
  readonly variables: readonly string[];
  /** Canonical host bindings, sorted. */
  readonly hosts: readonly string[];
  /** Headers that carry the key, in lower case. */
  readonly headers: readonly string[];
  /** What its SDK checks a key for: how it begins, and how many characters follow. */
  readonly placeholder: { readonly prefix: string; readonly length: number };
  readonly documentation: string;
}

export const SERVICES: readonly Service[] = [anthropic, cloudflare, github, gitlab, googleGemini, groq, huggingface, mistral, npm, openai, openrouter, sendgrid, slack, stripe];

export function findService(id: string): Service | undefined {
  return SERVICES.find((service) => service.id === id);
}

/** The service whose key a variable of this name holds by convention. */
export function findServiceOfVariable(name: string): Service | undefined {
  return SERVICES.find(({ variables }) => variables.includes(name));
}
