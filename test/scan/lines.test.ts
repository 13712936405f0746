// What stands in no quotes: in YAML, INI, properties, Dockerfiles and their like.
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hasRandomPart, isSecretVariable, looksLikeCredential } from "../../src/env-files/credential-look.ts";
import { attentionFor } from "../../src/scan/attention.ts";
import type { Judges } from "../../src/scan/clue.ts";
import { digestOf, findCredentials } from "../../src/scan/find-credentials.ts";

const judges: Judges = { forms: [], isCredential: (name, value) => looksLikeCredential(name, value, []), isSecretName: isSecretVariable, isRandom: hasRandomPart, isPlaceholder: () => false };
const VALUE = "Zq8vLw3nTr6yKb1mXc9dHs5fJg2pQa7eRt4uWk0i";
const HEX = "9fceb02d0ae598e95dc970b74767f19372d61af8";
const find = (path: string, text: string): [number, string | undefined, string][] => findCredentials(text, attentionFor(path), judges).map(({ line, sureName, digest }) => [line, sureName, digest]);

describe("a value without quotes is found", () => {
  it.each<[string, string, number, string]>([
    ["config.yml", `server:\n  api_key: ${VALUE}\n`, 2, "api_key"],
    ["config.yaml", `api_key: ${VALUE} # of the staging account\n`, 1, "api_key"],
    ["config.yaml", `client: {client_secret: ${VALUE}, retries: 3}\n`, 1, "client_secret"],
    ["config.yaml", `apiKey: >-\n  ${VALUE}\n`, 2, "apiKey"],
    ["docker-compose.yml", `services:\n  app:\n    environment:\n      - NODE_ENV=production\n      - API_KEY=${VALUE}\n`, 5, "API_KEY"],
    ["docker-compose.yml", `    environment:\n      - "API_KEY=${VALUE}"\n`, 2, "API_KEY"],
    ["docker-compose.yml", `    environment:\n      API_KEY: ${VALUE}\n`, 2, "API_KEY"],
    ["deployment.yaml", `        env:\n        - name: API_KEY\n          value: ${VALUE}\n`, 3, "API_KEY"],
    ["deployment.yaml", `        env:\n        - name: API_KEY\n          value: "${VALUE}"\n`, 3, "API_KEY"],
    ["task.json", `{"environment": [{"name": "API_KEY", "value": "${VALUE}"}]}`, 1, "API_KEY"],
    ["application.properties", `spring.datasource.password=${VALUE}\n`, 1, "spring.datasource.password"],
    ["application.properties", `stripe.api-key = ${VALUE}\r\n`, 1, "stripe.api-key"],
    ["settings.ini", `[server]\npassword = ${VALUE} ; of the server\n`, 2, "password"],
    ["settings.cfg", `secret_key: ${HEX}\n`, 1, "secret_key"],
    ["Dockerfile", `FROM node\nENV API_KEY=${VALUE}\n`, 2, "API_KEY"],
    ["Dockerfile", `ENV NODE_ENV=production API_KEY=${VALUE} \\\n`, 1, "API_KEY"],
    ["app.dockerfile", `ENV API_KEY ${VALUE}\nARG X=y\n`, 1, "API_KEY"],
    ["Dockerfile.prod", `ARG API_KEY=${VALUE}\n`, 1, "API_KEY"],
    ["notes.txt", `aws_access_key_id = x\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYzXqWvKEYab\n`, 2, "aws_secret_access_key"],
    ["credentials", `[default]\naws_secret_access_key=${VALUE}\n`, 2, "aws_secret_access_key"],
    ["config.toml", `api_token                = "${VALUE}"\n`, 1, "api_token"],
    ["prod.tfvars", `db_password            = "${VALUE}"\n`, 1, "db_password"],
    ["main.tf", `provider "x" {\n  token = "${VALUE}"\n}\n`, 2, "token"],
    ["app.service", `[Service]\nEnvironment=API_KEY=${VALUE}\n`, 2, "API_KEY"],
    ["app.service", `[Service]\nEnvironment="MODE=x" "API_KEY=${VALUE}"\n`, 2, "API_KEY"],
    ["site.conf", `SetEnv API_KEY ${VALUE}\n`, 1, "API_KEY"],
    ["deploy.sh", `token=${VALUE}\n`, 1, "token"],
    ["deploy.sh", `docker run -e API_KEY=${VALUE} app\n`, 1, "API_KEY"],
    ["deploy.sh", `printf 'API_KEY=${VALUE}\\n' > .env\n`, 1, "API_KEY"],
    ["request.http", `GET /\nX-Api-Key: ${VALUE}\nAuthorization: Bearer ${VALUE}\n`, 2, "X-Api-Key"],
    ["pom.xml", `<server><password>${VALUE}</password></server>`, 1, "password"],
    ["web.config", `<add key="ApiKey" value="${VALUE}" />`, 1, "ApiKey"],
  ])("%s: %j", (path, text, line, name) => {
    expect(find(path, text)[0]?.slice(0, 2)).toEqual([line, name]);
  });

  it("and is known by its hash, without what its form has put before its signs", () => {
    expect(find("a.properties", `api.token=${VALUE}\\=\\=\n`)).toEqual([[1, "api.token", digestOf(`${VALUE}==`)]]);
    expect(find("a.yml", `api_token: ${VALUE}==\n`)).toEqual([[1, "api_token", digestOf(`${VALUE}==`)]]);
  });

  it("nearly always where it is drawn by chance, in hex, base64 and base64 for URLs", () => {
    const drawn = Array.from({ length: 3000 }, (_, index) => randomBytes(30).toString((["hex", "base64", "base64url"] as const)[index % 3]));
    expect(drawn.filter((value) => find("a.yml", `api_key: ${value}\n`).length === 0).length).toBeLessThan(60);
  });
});

describe("no alarm", () => {
  it.each<[string, string]>([
    ["config.yml", "api_key: ${API_KEY_4f9a8b7c6d5e4f3a2b1c}\n"], ["config.yml", "api_key: $API_KEY_4f9a8b7c6d5e4f3a2b1c\n"], ["config.yml", "token: ${{ secrets.DEPLOY_TOKEN_4f9a8b7c6d5e }}\n"], ["config.yml", "token: {{ vault_token_4f9a8b7c6d5e4f3a }}\n"],
    ["config.yml", "api_key: op://vault4bK9sQe2/item/4bK9sQe2VnXw7Lr0\n"], ["config.yml", "secret: arn:aws:secretsmanager:eu-central-1:123456789012:secret:4bK9sQe2VnXw7Lr0\n"], ["config.yml", "password: vault:secret/data/4bK9sQe2VnXw7Lr0#password\n"], ["config.yml", "password: ref+awsssm://4bK9sQe2VnXw7Lr0\n"],
    ["config.yml", "api_key: your-api-key-goes-here-0123456789\n"], ["config.yml", "api_key: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"], ["config.yml", "api_key: <your 4bK9sQe2VnXw7Lr0TyUa key>\n"], ["config.yml", "password: changeme-4bK9sQe2VnXw7Lr0\n"],
    ["config.yml", "password: correct-horse-battery-staple\n"], ["config.yml", "secret: mySecretName2ForProd1App\n"], ["config.yml", "credentials: gitHubDeploymentCredentials2Prod\n"], ["config.yml", "secret: prod/my-app/DatabaseMain1/Password2\n"],
    ["config.yml", "password: /run/secrets/db4bK9sQe2VnXw7Lr0TyUa\n"], ["config.yml", "private_key: ./keys/4bK9sQe2VnXw7Lr0TyUa\n"], ["config.yml", "private_key: keys/4bK9sQe2VnXw7Lr0TyUa.pem\n"], ["config.yml", "private_key: C:\\keys\\4bK9sQe2VnXw7Lr0TyUa\n"],
    ["config.yml", `commit: ${HEX}\nsha: ${HEX}\nrevision: ${HEX}\nimage: app@sha256:${HEX}${HEX}\n`], ["config.yml", "tenant_id: 7f9c24e8-3b12-4fef-91e0-56a2d5a0c1b1\nclient_id: 4bK9sQe2VnXw7Lr0TyUa\ntoken_id: 4bK9sQe2VnXw7Lr0TyUa\n"], ["pnpm-lock.yaml", `    resolution: {integrity: sha512-${VALUE}${VALUE}==}\n`], ["yarn.lock", `  checksum: ${HEX}${HEX}\n  integrity sha512-${VALUE}==\n`], ["go.sum", `golang.org/x/crypto v0.1.0 h1:${VALUE}=\n`], ["Cargo.lock", `checksum = "${HEX}${HEX}"\n`],
    ["users.yml", "password: $2b$12$4bK9sQe2VnXw7Lr0TyUaOuZc6Hd1Gf5Jm8Pq2RtZq8vLw3nTr6yK\n"], ["users.yml", "password: $6$4bK9sQe2VnXw7Lr0$Zc6Hd1Gf5Jm8Pq2RtZq8vLw3nTr6yKb1mXc9dHs5fJg2pQa7eRt4uWk0i\n"], ["users.yml", "password: $argon2id$v=19$m=65536$4bK9sQe2VnXw7Lr0TyUa$Zc6Hd1Gf5Jm8Pq2Rt\n"], ["users.yml", "password: pbkdf2_sha256$260000$4bK9sQe2VnXw7Lr0TyUa$Zc6Hd1Gf5Jm8Pq2Rt\n"], ["users.ini", "password = {SSHA}4bK9sQe2VnXw7Lr0TyUaZc6Hd1Gf5Jm8\n"], ["users.yml", "password: SCRAM-SHA-256$4096:4bK9sQe2VnXw7Lr0TyUa==$Zc6Hd1Gf5Jm8Pq2Rt\n"], ["pg.yml", `password: md5${HEX.slice(0, 32)}\n`],
    ["sealed.yaml", `  encryptedData:\n    password: AgBy3i4OJSWK${VALUE.repeat(9)}\n`], ["secrets.yaml", `password: ENC[AES256_GCM,data:${VALUE},iv:x,tag:y,type:str]\n`], ["vars.yml", `password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  ${HEX}${HEX}\n`], [".env.sample", "API_KEY=encrypted:4bK9sQe2VnXw7Lr0TyUaZc6Hd1Gf5Jm8\n"],
    ["main.tf", "  password = random_password.db4bK9sQe2VnXw7Lr0TyUa.result\n"], ["main.tf", "  token = var.gitHub4bK9sQe2VnXw7Lr0TyUa\n"], ["main.tf", "  secret = data.aws_secretsmanager_secret_version.db4bK9sQe2VnXw7Lr0.secret_string\n"],
    ["README.md", "const token = getToken4bK9sQe2VnXw7Lr0(x);\n"], ["README.md", "token = tokens4bK9sQe2VnXw7Lr0[0]\n"], ["app.js", `const token = ${VALUE};\n`], ["a.py", `    token = ${VALUE}\n`], ["config.yml", `api_key: ${VALUE} # vault-scan-ignore\n`], ["config.yml", "public_key: 4bK9sQe2VnXw7Lr0TyUa\n"], ["config.yml", `NEXT_PUBLIC_API_KEY: ${VALUE}\n`],
  ])("%s: %j", (path, text) => {
    expect(find(path, text)).toEqual([]);
  });
});
