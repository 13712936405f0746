// The page on which requests that wait are approved, and identities that ask are accepted. It is empty until its script has shown the token from the address's fragment. What programs have chosen is put in as text, with what cannot be seen made visible by the server.
import { html } from "./html.ts";
import { framePage, policyOf } from "./page-frame.ts";
import { TOKEN_HEADER } from "./page-request.ts";
import { ANSWER_PATH, CLAIM_PATH, LIST_PATH, LOOK_PATH } from "./approve-request.ts";

const STYLE = `
main{max-width:48rem;margin:4vh auto}article{border:1px solid var(--line);background:var(--card);border-radius:.5rem;padding:1rem;margin:1rem 0}article.gone{opacity:.5}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.25rem 0;font:.92rem ui-monospace,monospace}.buttons{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.75rem}
button,input,select{font:inherit;color:inherit;padding:.5rem .75rem;border-radius:.4rem;border:1px solid var(--faint);background:var(--card)}button{cursor:pointer}button.yes{background:var(--used);border-color:var(--used);color:var(--page);font-weight:600}button.no{color:var(--refused);border-color:var(--refused);font-weight:600}button:disabled{opacity:.4;cursor:default}input{flex:1 1 12rem}:focus-visible{outline:3px solid var(--used);outline-offset:2px}[hidden]{display:none}#told{min-height:1.5em;font-weight:600}#told.bad{color:var(--refused)}
`;

/** Nothing moves under the pointer: what has been answered stays where it is for a while, and whatever has moved takes no click for a moment. */
const SCRIPT = `"use strict";
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const part = (id) => document.getElementById(id);
const tell = (text, isBad) => { part("told").textContent = text; part("told").classList.toggle("bad", isBad); };
const ask = (path, order) => fetch(path, { method: "POST", body: JSON.stringify(order), headers: { "${TOKEN_HEADER}": token, "content-type": "application/json" }, credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" }).then((answer) => answer.ok ? answer.json() : Promise.reject(answer));
const cards = new Map();
const quiet = () => { for (const { card } of cards.values()) for (const button of card.querySelectorAll("button")) { if (!card.classList.contains("gone")) { button.disabled = true; setTimeout(() => { button.disabled = card.classList.contains("gone"); }, 600); } } };
const make = (name, text, kind) => { const element = document.createElement(name); element.textContent = text; if (kind) element.className = kind; return element; };
const finish = (id, text) => {
  const entry = cards.get(id);
  if (!entry || entry.card.classList.contains("gone")) return;
  entry.card.classList.add("gone");
  entry.said.textContent = text;
  for (const button of entry.card.querySelectorAll("button")) button.disabled = true;
  setTimeout(() => { cards.delete(id); entry.card.remove(); quiet(); }, 3000);
};
const put = (id, said, ...parts) => {
  const card = make("article", "");
  card.append(...parts, said);
  part("list").append(card);
  cards.set(id, { card, said });
  quiet();
};
const showClaim = (one) => {
  const said = make("p", "", "faint");
  const choice = document.createElement("select");
  choice.setAttribute("aria-label", "what it may use");
  for (const { label } of one.choices) choice.append(make("option", label));
  const buttons = make("div", "", "buttons");
  const answer = (word, label, kind, done) => {
    const button = make("button", label, kind);
    button.addEventListener("click", (event) => {
      if (!event.isTrusted) return;
      const { workspace, group } = one.choices[choice.selectedIndex];
      ask("${CLAIM_PATH}", { did: one.id, handle: one.handle, word, workspace, group }).then(({ isSettled, trouble }) => { if (trouble) said.textContent = trouble; else finish(one.id, isSettled ? done : "It asks no more."); }, () => tell(gone, true));
    });
    buttons.append(button);
  };
  answer("accept", "Accept, for", "yes", "Accepted.");
  buttons.append(choice);
  answer("reject", "No", "no", "Dropped.");
  put(one.id, said, make("pre", one.lines.join("\\n"), "request"), buttons);
};
const show = (one) => {
  const lines = make("pre", one.lines.join("\\n"), "request");
  const text = make("pre", "");
  text.hidden = true;
  const said = make("p", "", "faint");
  const reason = document.createElement("input");
  reason.placeholder = "why not, for the program";
  reason.maxLength = 500;
  reason.setAttribute("aria-label", "why not, for the program");
  const buttons = make("div", "", "buttons");
  const answer = (word, label, kind, done) => {
    const button = make("button", label, kind);
    button.addEventListener("click", (event) => {
      if (!event.isTrusted) return;
      ask("${ANSWER_PATH}", { id: one.id, digest: one.digest, word, reason: word === "deny" ? reason.value : "" }).then(({ isSettled }) => finish(one.id, isSettled ? done : "It waits no more."), () => tell(gone, true));
    });
    buttons.append(button);
  };
  answer("once", "Yes, this once", "yes", "Approved.");
  if (!one.isWish) { answer("run", "For this run", "", "Approved for the run."); answer("time", "For 10 minutes", "", "Approved for 10 minutes."); answer("rule", "This rule, until the vault is locked", "", "Approved by the rule."); }
  answer("deny", "No", "no", "Denied.");
  buttons.append(reason);
  if (one.hasBody) {
    const look = make("button", "Show the body");
    look.addEventListener("click", () => { ask("${LOOK_PATH}", { id: one.id, digest: one.digest, word: "look", reason: "" }).then(({ lines }) => { text.textContent = lines.join("\\n"); text.hidden = false; }, () => tell(gone, true)); });
    buttons.append(look);
  }
  put(one.id, said, lines, text, buttons);
};
const gone = "This page is no longer valid. Start vault approve --browser again.";
const poll = () => ask("${LIST_PATH}", {}).then((waiting) => {
  const ids = new Set(waiting.map(({ id }) => id));
  for (const id of [...cards.keys()]) if (!ids.has(id)) finish(id, "It waits no more.");
  for (const one of waiting) if (!cards.has(one.id)) (one.choices ? showClaim : show)(one);
  tell(waiting.length === 0 ? "Nothing waits. What comes is shown here." : "", false);
  setTimeout(poll, 700);
}).catch(() => tell(gone, true));
poll();
`;

const body = html`<main><h1>Requests that wait for you</h1><p id="told" role="status" aria-live="polite">One moment …</p><noscript><p>This page needs its script, which stands in the page itself. Without it: vault approve, in a terminal.</p></noscript><div id="list"></div></main>`;

const page = { title: "vault: approve", style: STYLE, script: SCRIPT, body };

export const APPROVE_PAGE = framePage(page);

/** As a header it can also say that nobody may frame the page. */
export const APPROVE_PAGE_POLICY = `${policyOf(page)}; frame-ancestors 'none'`;
