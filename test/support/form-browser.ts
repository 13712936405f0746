// A browser without a screen: it follows redirects, keeps cookies, and sends the first form of each page with what it is told to type. For logins where no real browser is needed.
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

interface Answer extends Page {
  readonly location: string | undefined;
  readonly cookies: readonly string[];
}

const STEPS_MAX = 20;

export class FormBrowser {
  readonly #roots: string;
  readonly #cookies = new Map<string, string>();

  constructor(roots: string) {
    this.#roots = roots;
  }

  /** The page that the address leads to. */
  async open(url: string, form?: URLSearchParams): Promise<Page> {
    let [next, body] = [url, form];
    for (let step = 0; step < STEPS_MAX; step += 1) {
      const answer = await this.#ask(next, body);
      if (answer.location === undefined) return answer;
      [next, body] = [new URL(answer.location, next).href, undefined];
    }
    throw new Error(`${url} leads nowhere`);
  }

  /** From page to page, as long as there is a form on them. */
  async fill(url: string, typed: Readonly<Record<string, string>>): Promise<Page> {
    let page = await this.open(url);
    for (let step = 0; step < STEPS_MAX; step += 1) {
      const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1];
      if (action === undefined) return page;
      page = await this.open(new URL(action.replaceAll("&amp;", "&"), page.url).href, fieldsOf(page.text, typed));
    }
    throw new Error(`${url} asks without an end`);
  }

  #ask(url: string, form: URLSearchParams | undefined): Promise<Answer> {
    const { protocol, host } = new URL(url);
    const request = protocol === "https:" ? requestSecure : requestPlain;
    const cookie = [...this.#cookies].filter(([name]) => name.startsWith(`${host} `)).map(([name, value]) => `${name.slice(host.length + 1)}=${value}`).join("; ");
    return new Promise((resolve, reject) => {
      const asked = request(url, { method: form === undefined ? "GET" : "POST", ca: this.#roots, agent: false, headers: { ...(cookie === "" ? {} : { cookie }), ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }) } }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
          const cookies = response.headers["set-cookie"] ?? [];
          for (const line of cookies) {
            const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
            this.#cookies.set(`${host} ${name}`, value);
          }
          resolve({ url, status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), location: response.headers.location, cookies });
        });
      });
      asked.on("error", reject);
      asked.end(form?.toString());
    });
  }
}

function fieldsOf(text: string, typed: Readonly<Record<string, string>>): URLSearchParams {
  const inputs = [...text.matchAll(/<input[^>]*>/g)].map(([input]) => ({ name: /name="([^"]+)"/.exec(input)?.[1], value: /value="([^"]*)"/.exec(input)?.[1] ?? "", isButton: /type="?submit/.test(input) }));
  return new URLSearchParams(inputs.flatMap(({ name, value, isButton }): [string, string][] => (name === undefined || isButton ? [] : [[name, typed[name] ?? value]])));
}
