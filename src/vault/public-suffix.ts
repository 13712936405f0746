// Names under which anybody can have a name of their own: a wildcard right below one would send a secret to strangers.
// A short list of what is met most: the whole one (publicsuffix.org) changes weekly, and what is left out costs a mistake its warning, no more.

/** Second levels under which the registries of countries sell names, as in `co.uk`. */
const SECOND_LEVELS = new Set(["ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "govt", "ltd", "me", "mil", "ne", "net", "nom", "or", "org", "plc", "sch"]);

/** Where platforms give names to their customers. */
const HOSTING = new Set([
  ...["a.run.app", "amazonaws.com", "amplifyapp.com", "appspot.com", "awsapprunner.com", "azure-api.net", "azureedge.net", "azurefd.net", "azurestaticapps.net"],
  ...["azurewebsites.net", "b-cdn.net", "blob.core.windows.net", "blogspot.com", "cloudapp.azure.com", "cloudapp.net", "cloudfront.net", "cloudfunctions.net", "codeberg.page"],
  ...["ddns.net", "deno.dev", "duckdns.org", "dyndns.org", "elasticbeanstalk.com", "eu.org", "firebaseapp.com", "firebaseio.com", "fly.dev", "gitbook.io", "github.io"],
  ...["githubpreview.dev", "githubusercontent.com", "gitlab.io", "glitch.me", "herokuapp.com", "hf.space", "lhr.life", "loca.lt", "myshopify.com", "netlify.app"],
  ...["ngrok-free.app", "ngrok-free.dev", "ngrok.app", "ngrok.dev", "ngrok.io", "nip.io", "no-ip.org", "now.sh", "onrender.com", "openai.azure.com", "pages.dev"],
  ...["pythonanywhere.com", "r2.dev", "railway.app", "readthedocs.io", "repl.co", "replit.app", "replit.dev", "run.app", "s3.amazonaws.com", "servicebus.windows.net"],
  ...["sslip.io", "streamlit.app", "supabase.co", "surge.sh", "trycloudflare.com", "up.railway.app", "vault.azure.net", "vercel.app", "web.app", "wixsite.com"],
  ...["wordpress.com", "workers.dev"],
]);

/** @param host canonical (`host.ts`), without port and without `*.`. */
export function isPublicSuffix(host: string): boolean {
  const labels = host.split(".");
  if (labels.length === 1 || HOSTING.has(host)) return true;
  const [second = "", top = ""] = labels;
  return labels.length === 2 && /^[a-z]{2}$/.test(top) && SECOND_LEVELS.has(second);
}
