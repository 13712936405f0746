// Behind the wall, localhost is the program's own: what heeds proxy variables reaches the server that it has started itself, and the one outside whose port was named. What a secret is bound to there still gets it.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { can, WITHOUT_LOW_PORTS } from "../support/machine.ts";
import type { WallStage } from "../support/wall-stage.ts";
import { openWallStage } from "../support/wall-stage.ts";

const succeeds = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args, { stdio: "ignore" }).status === 0;

const PYTHON = `import os, urllib.request
print(urllib.request.urlopen(urllib.request.Request(os.environ["URL"], headers={"authorization": "Bearer " + os.environ["API_KEY"]})).read().decode(), end="")
`;
const NODE_FETCH = `fetch(process.env.URL, { headers: { authorization: "Bearer " + process.env.API_KEY } }).then(async (answer) => process.stdout.write(await answer.text()));
`;
const GO = `package main
import ("fmt"; "io"; "net/http"; "os")
func main() {
	request, _ := http.NewRequest("GET", os.Getenv("URL"), nil)
	request.Header.Set("authorization", "Bearer "+os.Getenv("API_KEY"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil { fmt.Println(err); os.Exit(1) }
	text, _ := io.ReadAll(answer.Body)
	fmt.Print(string(text))
}
`;
const JAVA = `import java.net.URI; import java.net.http.*;
public class Client { public static void main(String[] args) throws Exception {
  var request = HttpRequest.newBuilder(URI.create(System.getenv("URL"))).header("authorization", "Bearer " + System.getenv("API_KEY")).build();
  System.out.print(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body()); } }
`;

interface Client {
  readonly name: string;
  readonly isHere: () => boolean;
  readonly prepare?: (folder: string) => void;
  readonly command: string;
  /** Java takes no proxy from variables, and Go none for localhost, so that where only these lead to the proxy they reach no bound one. */
  readonly needsVariables?: true;
}

const file = (name: string, text: string) => (folder: string): void => { writeFileSync(join(folder, name), text, { mode: 0o644 }); };
const build = (folder: string, program: string, ...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8", env: { ...process.env, GO111MODULE: "off", CGO_ENABLED: "0", GOFLAGS: "" } });
  expect([status, stderr]).toEqual([0, ""]);
};
const CLIENTS: readonly Client[] = [
  { name: "curl", isHere: () => succeeds("curl", "--version"), command: 'curl -sS -H "authorization: Bearer $API_KEY" "$URL"', needsVariables: true },
  { name: "Python's urllib", isHere: () => succeeds("python3", "--version"), prepare: file("client.py", PYTHON), command: "python3 client.py", needsVariables: true },
  { name: "Node's fetch", isHere: () => true, prepare: file("client.cjs", NODE_FETCH), command: "node client.cjs", needsVariables: true },
  { name: "Go's net/http", isHere: () => succeeds("go", "version"), prepare: (folder) => { file("client.go", GO)(folder); build(folder, "go", "build", "-o", "go-client", "client.go"); }, command: "./go-client" },
  { name: "Java's HttpClient", isHere: () => succeeds("java", "-version") && succeeds("javac", "-version"), prepare: (folder) => { file("Client.java", JAVA)(folder); build(folder, "javac", "-J-XX:TieredStopAtLevel=1", "Client.java"); }, command: "java -XX:TieredStopAtLevel=1 -cp . Client" },
];

/** At a port of the system's choosing; then CLIENT is started, with the server's port. */
const OWN_SERVER = `
const { createServer } = require("node:http");
const { spawn } = require("node:child_process");
const server = createServer((request, response) => response.end(request.headers.host.split(":")[0] + " from inside\\n"));
server.listen(0, process.argv[2], () => {
  const env = { ...process.env, URL: process.argv[3].replace("PORT", server.address().port) };
  spawn("sh", ["-c", process.env.CLIENT], { env, stdio: "inherit" }).on("close", (status) => process.exit(status));
});
`;
/** By the host of the URL, what listens there. */
const OWN_HOSTS = { "localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1", "app.localhost": "127.0.0.1" } as const;

for (const [kind, before] of [["transparent", []], ["relay", WITHOUT_LOW_PORTS]] as const) {
  describe.skipIf(!can.wall || (kind === "relay" && !can.refusePorts))(`in a ${kind} wall (needs bubblewrap)`, { timeout: 120_000 }, () => {
    let stage: WallStage;
    /** Like \`stage\`; its secret is bound to a host elsewhere. */
    let other: WallStage;
    const outside = createServer((_request, response) => { response.end("from outside\n"); });
    let port = "";
    beforeAll(async () => {
      stage = await openWallStage(can.root, before);
      other = await openWallStage(can.root, before);
      await other.vault(["secrets", "delete", "API_KEY"]);
      await other.vault(["secrets", "create", "API_KEY", "--host", "api.example.com"], other.value);
      for (const { project } of [stage, other]) {
        file("server.cjs", OWN_SERVER)(project);
        for (const { isHere, prepare } of CLIENTS) if (isHere()) prepare?.(project);
      }
      await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
      port = String((outside.address() as AddressInfo).port);
    }, 120_000);
    afterAll(async () => {
      outside.close();
      await stage.close();
      await other.close();
    });

    for (const { name, isHere, command, needsVariables } of CLIENTS) {
      test.skipIf(!isHere())(`${name} reaches a server that the program has started`, async () => {
        // The wall's own names know `app.localhost`; a relay has none, and curl needs none.
        const hosts = Object.entries(OWN_HOSTS).filter(([host]) => host !== "app.localhost" || kind === "transparent" || name === "curl");
        const script = hosts.map(([host, address]) => `CLIENT='${command}' node server.cjs ${address} 'http://${host}:PORT/'`).join("; ");
        const { out, err } = await other.inside(script);
        expect(out, err).toBe(hosts.map(([host]) => `${host.split(":")[0] ?? ""} from inside\n`).join(""));
      });

      test.skipIf(!isHere())(`${name} reaches a server outside by --host-port`, async () => {
        const { out, err } = await other.inside(`URL=http://localhost:${port}/; export URL; ${command}`, ["--host-port", port]);
        expect(out, err).toBe("from outside\n");
      });

      test.skipIf(!isHere() || (kind === "relay" && needsVariables !== true))(`${name} sends a secret to the localhost that it is bound to`, async () => {
        const seen = stage.server.received().length;
        const { out, err } = await stage.inside(`URL=https://${stage.bound}/; export URL; ${command}`);
        expect(out, err).toBe("hello from upstream\n");
        expect(stage.server.received().slice(seen)).toMatch(new RegExp(`^authorization: Bearer ${stage.value.replace(/[^\w-]/g, "\\$&")}\r$`, "im"));
      });
    }

    test("what the user's NO_PROXY names stays in force beside it", async () => {
      const { out } = await other.vault(["run", "--sandbox", "--", "sh", "-c", 'echo "$NO_PROXY"; echo "$no_proxy"'], "", { NO_PROXY: "intern.example.test" });
      expect(out).toBe("intern.example.test,localhost,127.0.0.1\n".repeat(2));
    });
  });
}
