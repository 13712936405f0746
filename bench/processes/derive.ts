// Derives one key at the default cost, the first thing that this process does, and says what that took: `node .config/run-ts.js bench/processes/derive.ts [libsodium]`.
import { Secret } from "../../src/secret.ts";
import { deriveKek, drawSalt, KDF_COSTS } from "../../src/vault/kdf.ts";

const PASSPHRASE = "correct horse battery staple";
const { memoryKib, passes } = KDF_COSTS.moderate;

/** As most would write it. */
async function deriveByLibsodium(): Promise<void> {
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  await sodium.ready;
  sodium.crypto_pwhash(32, PASSPHRASE, drawSalt(), passes, memoryKib * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13);
}

async function deriveByVault(): Promise<void> {
  await deriveKek(Secret.fromText(PASSPHRASE), { memoryKib, passes, salt: drawSalt() });
}

const [start, cpu] = [performance.now(), process.cpuUsage()];
await (process.argv[2] === "libsodium" ? deriveByLibsodium() : deriveByVault());
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(JSON.stringify({ "wall ms": performance.now() - start, "CPU ms": (user + system) / 1000 }));
