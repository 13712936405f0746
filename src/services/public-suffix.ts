// Names under which strangers register: a wildcard right below one would send a secret to any of them.
// A short list of what is met most; the whole one changes weekly, and the question before `services add` shows every host anyway.

/** Second levels under which the registries of countries sell names, as in co.uk. */
const SECOND_LEVELS = new Set(["ac", "co", "com", "edu", "gob", "gov", "gouv", "go", "ltd", "me", "mil", "ne", "net", "nom", "or", "org", "plc", "sch"]);

const HOSTING = new Set([
  ...["amazonaws.com", "appspot.com", "azureedge.net", "azurewebsites.net", "azurestaticapps.net", "b-cdn.net", "blogspot.com", "cloudapp.net", "cloudfront.net", "deno.dev", "duckdns.org", "dyndns.org"],
  ...["eu.org", "firebaseapp.com", "fly.dev", "gitbook.io", "github.io", "githubpreview.dev", "gitlab.io", "glitch.me", "herokuapp.com", "hf.space", "lhr.life", "loca.lt", "myshopify.com", "netlify.app"],
  ...["ngrok.app", "ngrok.dev", "ngrok.io", "ngrok-free.app", "no-ip.org", "nip.io", "onrender.com", "openai.azure.com", "pages.dev", "pythonanywhere.com", "r2.dev", "railway.app", "repl.co", "replit.app", "replit.dev", "run.app", "sslip.io"],
  ...["streamlit.app", "supabase.co", "surge.sh", "trycloudflare.com", "up.railway.app", "vercel.app", "web.app", "wixsite.com", "wordpress.com", "workers.dev"],
]);

/** @param host canonical, without port and without `*.`. */
export function isPublicSuffix(host: string): boolean {
  const labels = host.split(".");
  if (labels.length === 1 || HOSTING.has(host)) return true;
  const [second = "", top = ""] = labels;
  return labels.length === 2 && top.length === 2 && SECOND_LEVELS.has(second);
}
