// What the browser shows when the provider has sent it back: one small page that says what happened, without a script, a link or a picture.
import type { LoginOutcome } from "../../app/logins/login-person.ts";
import { html } from "./html.ts";
import { framePage, policyOf } from "./page-frame.ts";

const STYLE = "\nmain{max-width:34rem;margin:12vh auto}.bad{color:var(--refused)}\n";

/** As a header it can also say that nobody may frame the page. */
export const REDIRECT_PAGE_POLICY = `${policyOf({ style: STYLE })}; frame-ancestors 'none'`;

export function redirectPage(outcome: LoginOutcome): string {
  const body = outcome.kind === "done"
    ? html`<main><h1>Logged in</h1><p>The vault has your login at ${outcome.at}. You can close this page.</p></main>`
    : html`<main><h1 class="bad">Not logged in</h1><p>${outcome.reason}</p><p class="faint">Nothing was stored. The terminal says more; you can close this page.</p></main>`;
  return framePage({ title: outcome.kind === "done" ? "vault: logged in" : "vault: not logged in", style: STYLE, body });
}
