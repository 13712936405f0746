// A lowdb database whose secrets are sealed. Run it twice, from a folder with vaultrun and lowdb in its node_modules:
//
//   export ENCRYPTION_KEY="$(openssl rand -base64 32)"
//   node sealed-store.example.js
import { Low } from "lowdb";
import { JSONFile } from "lowdb/node";
import { loadSealingKey, sealedAdapter, VaultError } from "vaultrun/sealed";

// Without the variable there is no key, and nothing is sealed; but then what is sealed is not read either.
const key = loadSealingKey(process.env.ENCRYPTION_KEY);
const adapter = sealedAdapter(new JSONFile("accounts.json"), key, {
  name: "accounts",
  fields: ["smtp.password", "accounts.*.token"],
});
const db = new Low(adapter, { smtp: { host: "mail.example.com", password: "" }, accounts: [] });

try {
  await db.read();
  await db.update(({ smtp, accounts }) => {
    smtp.password = "correct horse battery staple";
    accounts.push({ name: `account ${accounts.length + 1}`, token: `token-${accounts.length + 1}` });
  });
  console.log(`the program sees ${db.data.accounts.at(-1).token}, the file holds ciphertext`);
  // After a change of the key (ENCRYPTION_KEY="new,old"): everything under the new one.
  const count = await adapter.reseal((done, total) => console.log(`sealed anew: ${done} of ${total}`));
  console.log(`${count} fields are the newest key's`);
} catch (error) {
  if (!(error instanceof VaultError)) throw error;
  console.error(`${error.code}: ${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}`);
  process.exitCode = 1;
}
