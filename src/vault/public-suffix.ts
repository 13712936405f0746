// Names under which anybody can have a name of their own: a wildcard just below one would send a secret to strangers.

/** What registries of countries sell names under: `co.uk`, `com.au`, `or.jp`. */
const REGISTRY_LABELS = new Set(["ac", "co", "com", "edu", "gob", "gouv", "gov", "govt", "go", "mil", "ne", "net", "nom", "or", "org"]);
const COUNTRY = /^[a-z]{2}$/;

/** Where platforms give names to their customers; from the private part of the Public Suffix List (publicsuffix.org), those that APIs are found at. */
const PLATFORMS = new Set([
  ...["github.io", "githubusercontent.com", "gitlab.io", "codeberg.page", "readthedocs.io", "hf.space", "streamlit.app", "replit.app", "repl.co", "glitch.me", "surge.sh"],
  ...["pages.dev", "workers.dev", "r2.dev", "trycloudflare.com", "vercel.app", "now.sh", "netlify.app", "deno.dev", "fly.dev", "onrender.com", "herokuapp.com", "up.railway.app", "supabase.co"],
  ...["cloudfront.net", "elasticbeanstalk.com", "amplifyapp.com", "awsapprunner.com", "s3.amazonaws.com", "appspot.com", "web.app", "firebaseapp.com", "firebaseio.com", "cloudfunctions.net", "run.app", "a.run.app"],
  ...["azurewebsites.net", "azure-api.net", "azureedge.net", "azurefd.net", "azurestaticapps.net", "cloudapp.net", "cloudapp.azure.com", "blob.core.windows.net", "servicebus.windows.net", "vault.azure.net"],
  ...["ngrok.io", "ngrok.app", "ngrok.dev", "ngrok-free.app", "ngrok-free.dev", "loca.lt", "duckdns.org", "dyndns.org", "ddns.net", "no-ip.org", "nip.io", "sslip.io", "blogspot.com", "myshopify.com"],
]);

/** @param host canonical (`host.ts`). Known are the usual ones: this spares people a mistake, and no list is ever complete. */
export function isPublicSuffix(host: string): boolean {
  const [label = "", top = "", ...more] = host.split(".");
  return PLATFORMS.has(host) || (more.length === 0 && REGISTRY_LABELS.has(label) && COUNTRY.test(top));
}
