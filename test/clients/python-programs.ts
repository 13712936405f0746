// Python's clients that look at no proxy variable: what reaches a bound host through the run all the same.
import type { HttpClient, Tool } from "./programs.ts";
import { ALL_ACTS, succeeds } from "./programs.ts";

/** @param how shows an answer's bytes. Nothing of one act is left for the next one. */
const acts = (how: string): string => `
import os, sys, json, base64
base, token = os.environ["URL"], os.environ["TOKEN"]
def show(text):
    print(len(text) if act == "download" else text.decode().strip())
for act in sys.argv[1:]:
    print("\\n== " + act)
    path, method, data = {"GET": ("/api", "GET", None), "POST": ("/api", "POST", b"hello"), "upload": ("/upload", "PUT", open("upload", "rb").read()), "download": ("/download", "GET", None), "redirect": ("/redirect", "GET", None), "Basic": ("/basic", "GET", None)}[act]
    headers = {"Authorization": "Basic " + base64.b64encode(("me:" + token).encode()).decode() if act == "Basic" else "Bearer " + token, "Content-Type": "text/plain"}
    try:${how.replaceAll("\n", "\n        ")}
    except Exception as error:
        print(error)
`;

const python = (name: string, library: string, body: string): HttpClient => ({
  name,
  isHere: () => succeeds("python3", "-c", `import ${library}`),
  script: `python3 - ${ALL_ACTS} <<'END'\n${acts(body)}\nEND`,
});

const HTTP_CLIENT = `
import http.client, urllib.parse
def call(url):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=20)
    connection.request(method, parts.path, data, headers)
    answer = connection.getresponse()
    return call(urllib.parse.urljoin(url, answer.getheader("Location"))) if answer.status == 302 else answer.read()
show(call(base + path))`;

const URLLIB3 = `
import urllib3
show(urllib3.PoolManager().request(method, base + path, body=data, headers=headers).data)`;

const HTTPLIB2 = `
import httplib2
# It would leave the credential out of what a redirect leads to.
client = httplib2.Http(proxy_info=None)
client.forward_authorization_headers = True
show(client.request(base + path, method, body=data, headers=headers)[1])`;

const AIOHTTP = `
import asyncio, aiohttp
async def call():
    async with aiohttp.ClientSession() as session:
        async with session.request(method, base + path, data=data, headers=headers) as answer:
            show(await answer.read())
asyncio.run(call())`;

const REQUESTS_ALONE = `
import requests
session = requests.Session()
session.trust_env = False
show(session.request(method, base + path, data=data, headers=headers).content)`;

export const PYTHON_CLIENTS: readonly HttpClient[] = [
  python("Python: http.client", "http.client", HTTP_CLIENT),
  python("Python: urllib3", "urllib3", URLLIB3),
  python("Python: httplib2, without its proxy", "httplib2", HTTPLIB2),
  python("Python: aiohttp", "aiohttp", AIOHTTP),
  python("Python: requests, `trust_env` off", "requests", REQUESTS_ALONE),
];

export const PYTHON_TOOLS: readonly Tool[] = [
  {
    name: "Python: stripe",
    work: "an API call; it brings roots of its own",
    isHere: () => succeeds("python3", "-c", "import stripe"),
    script: `python3 - <<'END'
import os, stripe
stripe.api_key, stripe.api_base = os.environ["TOKEN"], os.environ["URL"]
try:
    stripe.Customer.list()
except stripe.error.StripeError if hasattr(stripe, "error") else stripe.StripeError as error:
    print(error.http_status, error.user_message)
    raise
print("done")
END`,
  },
  {
    name: "google-api-python-client",
    work: "a call made from a discovery document, by httplib2",
    isHere: () => succeeds("python3", "-c", "import googleapiclient.discovery, httplib2"),
    script: `python3 - <<'END'
import os, httplib2
from googleapiclient.discovery import build_from_document
class Bearer(httplib2.Http):
    def request(self, uri, method="GET", body=None, headers=None, **rest):
        return super().request(uri, method, body, {**(headers or {}), "authorization": "Bearer " + os.environ["TOKEN"]}, **rest)
document = {"name": "one", "version": "v1", "rootUrl": os.environ["URL"] + "/", "servicePath": "", "resources": {"items": {"methods": {"get": {"id": "one.items.get", "path": "json", "httpMethod": "GET", "response": {"$ref": "Item"}, "parameters": {}}}}}, "schemas": {"Item": {"id": "Item", "type": "object", "properties": {"ok": {"type": "boolean"}}}}}
answer = build_from_document(document, http=Bearer()).items().get().execute()
print("done" if answer == {"ok": True} else answer)
END`,
  },
];
