// Somebody who logs in: at the page that the program shows, or with the code that it tells.
import type { LoginPerson } from "../../src/app/logins/login-person.ts";
import { openRedirect } from "../../src/cli/pages/redirect-listener.ts";
import { Secret } from "../../src/secret.ts";
import type { Page } from "./form-browser.ts";
import { FormBrowser } from "./form-browser.ts";

export interface PersonOptions {
  /** Who it is at the provider. */
  readonly account?: string;
  readonly hasBrowser?: boolean;
  readonly clientSecret?: string;
  /** What is done with the page to log in at, in the place of logging in. */
  readonly act?: (page: string, browser: FormBrowser) => Promise<Page>;
}

export interface TestPerson extends LoginPerson {
  readonly told: readonly string[];
  /** The last page that the browser showed. */
  readonly shown: () => Promise<Page>;
}

/** @param roots PEM of the provider's. */
export function makePerson(roots: string, { account = "ann", hasBrowser = true, clientSecret, act }: PersonOptions = {}): TestPerson {
  const told: string[] = [];
  let shown: Promise<Page> = Promise.reject(new Error("no page was opened"));
  shown.catch(() => undefined);
  const logIn = (page: string, typed: Readonly<Record<string, string>> = {}): void => {
    const browser = new FormBrowser(roots);
    shown = act === undefined ? browser.fill(page, { login: account, password: "x", ...typed }) : act(page, browser);
    shown.catch(() => undefined);
  };
  return {
    hasBrowser,
    // Here nobody else has the link.
    openRedirect: (wish) => openRedirect(wish, { secondReaderMs: 0 }),
    openPage: (address) => {
      if (!told.some((line) => line.startsWith("and enter"))) logIn(address);
      return Promise.resolve(true);
    },
    tell: (line) => {
      told.push(line);
      const code = /^and enter this code there: (.+)$/.exec(line)?.[1];
      const page = /open this page on any machine: (.+)$/.exec(told.at(-2) ?? "")?.[1];
      if (code !== undefined && page !== undefined) logIn(page, { user_code: code });
      else if (!hasBrowser && line.startsWith("https://")) logIn(line);
    },
    findClientSecret: () => Promise.resolve(clientSecret === undefined ? undefined : Secret.fromText(clientSecret)),
    told,
    shown: () => shown,
  };
}
