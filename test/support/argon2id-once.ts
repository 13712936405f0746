// Derives twice, once by either way, in whatever Node runs it, and says whether Node's own was there.
import * as crypto from "node:crypto";
import { encodeBase64, utf8 } from "../../src/bytes.ts";
import { argon2id } from "../../src/vault/argon2id.ts";
import { argon2idBySodium } from "../../src/vault/sodium.ts";

const [passphrase = "", salt = "", passes, memoryKib] = process.argv.slice(2);
const parameters = [utf8(passphrase), new Uint8Array(Buffer.from(salt, "base64")), Number(passes), Number(memoryKib)] as const;
const [tag, bySodium] = [await argon2id(...parameters), await argon2idBySodium(...parameters)];
process.stdout.write(JSON.stringify({ hasOwn: typeof Reflect.get(crypto, "argon2") === "function", tag: encodeBase64(tag), bySodium: encodeBase64(bySodium) }));
