// The page on which a secret's value is entered. It is empty until its script has shown the token from the address's fragment, so a stranger on this machine who asks for it learns no name.
import { VALUE_BYTES_MAX } from "../../vault/record.ts";
import { html } from "./html.ts";
import { framePage, policyOf } from "./page-frame.ts";
import { TOKEN_HEADER } from "./page-request.ts";

export const DETAILS_PATH = "/details";
export const VALUE_PATH = "/value";

const STYLE = `
main{max-width:34rem;margin:6vh auto}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:1.25rem 0}dt{color:var(--faint)}dd{margin:0}
label{display:block;font-weight:600;margin-bottom:.35rem}input,button{font:inherit;color:inherit;padding:.6rem .75rem;border-radius:.4rem;border:1px solid var(--faint);background:var(--card);width:100%}
button{margin-top:.75rem;background:var(--used);border-color:var(--used);color:var(--page);font-weight:600;cursor:pointer}:focus-visible{outline:3px solid var(--used);outline-offset:2px}[hidden]{display:none}#told{min-height:1.5em;font-weight:600}#told.bad{color:var(--refused)}
`;

/** Everything is put in as text. The token leaves the address bar, and so the history, before anything else happens. */
const SCRIPT = `"use strict";
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const part = (id) => document.getElementById(id);
const tell = (text, isBad) => { part("told").textContent = text; part("told").classList.toggle("bad", isBad); };
const ask = (path, body) => fetch(path, { method: "POST", body, headers: { "${TOKEN_HEADER}": token, "content-type": "application/octet-stream" }, credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" });
const gone = "This page is no longer valid. Open its link again, or start the command again.";
ask("${DETAILS_PATH}", "").then((answer) => answer.ok ? answer.json() : Promise.reject(answer)).then((details) => {
  for (const name of ["name", "service", "hosts", "places"]) part(name).textContent = details[name];
  part("field").textContent = "Value of " + details.name;
  part("form").hidden = false;
  part("value").focus();
  tell("", false);
}).catch(() => tell(gone, true));
part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = part("value").value;
  if (value === "") { tell("Nothing was entered.", true); return; }
  const bytes = new TextEncoder().encode(value);
  if (bytes.length > ${VALUE_BYTES_MAX}) { tell("That is too long for a secret.", true); return; }
  part("value").value = "";
  part("send").disabled = true;
  ask("${VALUE_PATH}", bytes).then((answer) => {
    if (!answer.ok) return Promise.reject(answer);
    part("form").hidden = true;
    tell("vault has the value, and the command goes on. You can close this page.", false);
  }).catch(() => {
    part("send").disabled = false;
    tell(gone, true);
  });
});
`;

const body = html`<main><h1>A value for vault</h1>
<p id="told" role="status" aria-live="polite">One moment …</p><noscript><p>This page needs its script, which stands in the page itself. Without it, enter the value in the terminal: leave out --browser.</p></noscript>
<form id="form" autocomplete="off" hidden><dl><dt>Secret</dt><dd><code id="name"></code></dd><dt>Service</dt><dd id="service"></dd><dt>It may be sent to</dt><dd><code id="hosts"></code></dd><dt>In a request's</dt><dd id="places"></dd></dl>
<label for="value" id="field">Value</label><input id="value" type="password" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="hint" data-1p-ignore data-lpignore="true" data-bwignore>
<p class="faint" id="hint">This page gives it to the vault on this machine, and to nobody else. If the browser offers to keep it, say no.</p>
<button id="send" type="submit">Put it into the vault</button></form></main>`;

const page = { title: "vault: enter a value", style: STYLE, script: SCRIPT, body };

export const VALUE_PAGE = framePage(page);

/** As a header it can also say that nobody may frame the page. */
export const VALUE_PAGE_POLICY = `${policyOf(page)}; frame-ancestors 'none'`;
