// Values that look like keys and are none: what documents and tests put in their place, references to where the value is, and what is sealed already.

const WORDS = /example|sample|dummy|fake|placeholder|redacted|change[-_]?me|replace[-_]?me|your[-_ ]|insert[-_]|xxxx|\*\*\*\*|\.\.\.|…/i;
/** Rows that a keyboard or a lazy hand makes. */
const ROWS = /01234567|12345678|23456789|98765432|abcdefgh|bcdefghi|qwertyui|deadbeef|cafebabe|(?:1234){2}|(?:abcd){2}|(?:a1b2|A1B2)c3d4|(.)\1{5}|(.{2,4}?)\2{3}/i;
/** What a program or a shell puts the value into later. */
const TEMPLATE = /\$\{|\$\(|\{\{|<%|%\(|%s|^\$[A-Za-z_{]|^%[A-Za-z_]+%$|^<.*>$|process\.env|os\.environ|secrets\.|^@|\[[A-Za-z0-9]-[A-Za-z0-9]/;
/** Of stores, and of sealed fields. */
const REFERENCE = /^(?:op|pass|gopass|keyring|bw|vault|aws-sm|gcp-sm|az-kv|ref\+[a-z]+|infisical|doppler|arn|file|env):|^(?:ENC\[|enc:v[0-9]|encrypted:|age1|sha(?:1|256|384|512)[-:])/;
/** What a program, or a description of what to build, reads from elsewhere by a name with dots in it. */
const LOOKED_UP = /^(?:var|local|data|module|each|self|params?|inputs?|needs|steps|matrix|random_[a-z]+|(?:aws|google|azurerm|vault|kubernetes|tls)_[a-z_]+)\.[A-Za-z_]/;
/** Made from a password, which it does not open anything with; `crypt` and its heirs, LDAP, PostgreSQL, Django. */
const HASHED = /^(?:\$(?:[1-7]|2[abxy]?|y|apr1)\$|\{(?:S?SHA|S?MD5|CRYPT|PBKDF2|ARGON2|BCRYPT)[^}]{0,16}\}|SCRAM-SHA-|pbkdf2_sha|bcrypt\$|bcrypt_sha256\$|argon2\$|md5[0-9a-f]{32}$)/i;
/** Of SealedSecrets: a length, and what only the cluster opens. */
const SEALED = /^Ag[A-Z][A-Za-z0-9+/]{250,}/;
/** Of this program, where a value went into the vault; and what a run has instead. */
const OWN = /^kept-in-vault$|vault_?ph/i;

export function isInnocent(value: string): boolean {
  return WORDS.test(value) || ROWS.test(value) || TEMPLATE.test(value) || REFERENCE.test(value) || LOOKED_UP.test(value) || HASHED.test(value) || SEALED.test(value) || OWN.test(value);
}

/** Shannon's, of the characters as they are: some 3.9 in random hex, 4.5 and more in random base64, below 3.5 in words. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
