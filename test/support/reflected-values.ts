// Values of the shapes that real ones have, with everything in them that some notation treats in its own way, and the guises in which a server hands
// one back. Written without the scrubber's own list, as the libraries of others encode: what they do is the measure, not what we think of.

export const REFLECTED_VALUES: Readonly<Record<string, string>> = {
  GITHUB: "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1",
  GITHUB_PAT: "github_pat_11ABCDEFG0hT4kZ9qW2e_Xy7Lm3Np5Qr8St1Uv6Wx0Yz4Ab7Cd2Ef9Gh5Ij8Kl3Mn6Op1Qr",
  OPENAI: `sk-proj-${"Q7f_x9-Zt2".repeat(14)}T3BlbkFJ${"b8V-n4_Rk1".repeat(2)}`,
  STRIPE: "sk_live_51H8xYzLkQmNpRsTu6vWxYz2AbCdEfGh",
  SLACK: "xoxb-263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1",
  AWS: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE~KEY/==",
  JWT: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
  UUID: "0F8FAD5B-D9CB-469F-A165-70867728950E",
  BASE64: "c2VjcmV0LWluLWJhc2U2NC1hbHJlYWR5Pz8/Pj4+fn5+Cg==",
  EIGHT: "Xy7#kQ!9",
  QUOTES: "it's \"quoted\" and `ticked`",
  BACKSLASHES: "C:\\new\\table\\u0041\\\\host",
  DOLLARS: "$& $1 $$ ${x} $` $' $<name>",
  PERCENT: "100%25 %2F%zz+a b&c=d;e?f#g",
  MARKUP: "<b class=\"x\">&amp;'</b>",
  UNICODE: "pässwörd-ключ-密钥-🔑-ß",
  CONTROLS: "tab\tand\x01bell\x07del\x7fend",
  WORDS: "correct horse battery staple",
  REPEATED: "a".repeat(24),
  LONG: Array.from({ length: 512 }, (_none, at) => ((at * 2_654_435_761) >>> 0).toString(16).padStart(8, "0")).join(""),
  PEM: `-----BEGIN PRIVATE KEY-----\n${"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/+abCDefGHIjkLMN\n".repeat(3)}-----END PRIVATE KEY-----\n`,
};

/** One text for each way in which the value may stand in an answer, by name. */
export function reflect(value: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(value);
  const json = JSON.stringify(value).slice(1, -1);
  const ascii = json.replace(/[^\x00-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const percent = encodeURIComponent(value);
  return {
    raw: value,
    ...Object.fromEntries([0, 1, 2].flatMap((shift) => [
      [`base64 behind ${shift}`, Buffer.concat([Buffer.alloc(shift, "u"), bytes, Buffer.from(":x")]).toString("base64")],
      [`base64url behind ${shift}`, Buffer.concat([Buffer.alloc(shift, "u"), bytes]).toString("base64url")],
    ])),
    hex: bytes.toString("hex"),
    "HEX": bytes.toString("hex").toUpperCase(),
    "encodeURIComponent": percent,
    "encodeURI": encodeURI(value),
    "percent in lower case": percent.replace(/%../g, (escape) => escape.toLowerCase()),
    "URLSearchParams": new URLSearchParams({ v: value }).toString().slice(2),
    "RFC 3986 (PHP's rawurlencode)": strictly(percent),
    "PHP's urlencode": strictly(percent).replaceAll("~", "%7E").replaceAll("%20", "+"),
    "Python's quote": strictly(percent).replaceAll("%2F", "/"),
    "Python's quote_plus": strictly(percent).replaceAll("%20", "+"),
    "JSON": json,
    "JSON of Python": ascii,
    "JSON of PHP": ascii.replaceAll("/", "\\/"),
    "JSON of Go": json.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`),
    "HTML": value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#x27;"),
    "HTML of Go": value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&#34;").replaceAll("'", "&#39;"),
  };
}

/** The names of the guises in which a text holds a value; of those that are the same, one. Base64 is looked for by what of it depends on the value alone. */
export function findReflections(text: Buffer, value: string): string[] {
  const guises = new Map(Object.entries(reflect(value)).map(([name, form]) => [name.startsWith("base64") ? coreOf(name, value) : form, name]));
  return [...guises].filter(([form]) => text.includes(form)).map(([, name]) => name);
}

function coreOf(name: string, value: string): string {
  const shift = Number(name.at(-1));
  const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString(name.startsWith("base64url") ? "base64url" : "base64").replace(/=+$/, "");
  return encoded.slice(shift === 0 ? 0 : shift + 1, -1);
}

function strictly(percent: string): string {
  return percent.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
