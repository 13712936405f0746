import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { McpServer } from "../../../src/cli/mcp/mcp-session.ts";
import { answerLine } from "../../../src/cli/mcp/mcp-session.ts";
import { VaultError } from "../../../src/errors.ts";

const server: McpServer = {
  version: "1.2.3",
  instructions: "how to",
  tools: [
    { name: "echo", title: "Echo", description: "says it", properties: { text: { type: "string", description: "what" } }, required: ["text"], call: ({ text = "" }) => Promise.resolve({ object: { text }, lines: [text] }) },
    { name: "fail", title: "Fail", description: "fails", properties: {}, required: [], call: () => Promise.reject(new VaultError("no-vault", "there is no vault", "vault init")) },
    { name: "break", title: "Break", description: "breaks", properties: {}, required: [], call: () => Promise.reject(new TypeError("quotes a value")) },
  ],
};
const ask = async (message: unknown): Promise<unknown> => {
  const said = await answerLine(server, typeof message === "string" ? message : JSON.stringify(message));
  return said === undefined ? undefined : JSON.parse(said);
};
const request = (method: string, params?: unknown): unknown => ({ jsonrpc: "2.0", id: 7, method, ...(params === undefined ? {} : { params }) });
const error = (code: number): unknown => expect.objectContaining({ error: expect.objectContaining({ code }) as unknown });

describe("a session", () => {
  it.each([["2024-11-05", "2024-11-05"], ["2025-06-18", "2025-06-18"], ["2025-11-25", "2025-11-25"], ["1999-01-01", "2025-11-25"], [undefined, "2025-11-25"]])("begins in the version %s as %s", async (asked, given) => {
    expect(await ask(request("initialize", { protocolVersion: asked }))).toMatchObject({ id: 7, result: { protocolVersion: given, serverInfo: { name: "vault", version: "1.2.3" }, capabilities: { tools: {} } } });
  });

  it("tells its tools, calls them, and tells of what went wrong without quoting what is not ours", async () => {
    expect(await ask(request("tools/list"))).toMatchObject({ result: { tools: [{ name: "echo", inputSchema: { required: ["text"], additionalProperties: false } }, { name: "fail" }, { name: "break" }] } });
    expect(await ask(request("tools/call", { name: "echo", arguments: { text: "a\nb" } }))).toEqual({ jsonrpc: "2.0", id: 7, result: { content: [{ type: "text", text: "a\nb" }], structuredContent: { text: "a\nb" }, isError: false } });
    expect(await ask(request("tools/call", { name: "fail" }))).toMatchObject({ result: { isError: true, content: [{ text: "there is no vault\nvault init" }] } });
    expect(await ask(request("tools/call", { name: "break" }))).toMatchObject({ result: { isError: true, content: [{ text: "unexpected failure (TypeError)" }] } });
    expect(await ask(request("ping"))).toEqual({ jsonrpc: "2.0", id: 7, result: {} });
  });

  it.each<[string, unknown, unknown]>([
    ["no JSON", "nonsense", error(-32700)], ["a batch", [request("ping")], error(-32600)], ["another protocol", { id: 1, method: "ping" }, error(-32600)], ["an id that is none", { jsonrpc: "2.0", id: {}, method: "ping" }, error(-32600)],
    ["another method", request("resources/list"), error(-32601)], ["parameters that are none", request("ping", [1]), error(-32602)], ["another tool", request("tools/call", { name: "toString" }), error(-32602)], ["an argument that is none", request("tools/call", { name: "echo", arguments: { text: 1 } }), error(-32602)],
    ["one too many", request("tools/call", { name: "echo", arguments: { text: "a", __proto__x: "b" } }), error(-32602)], ["one too few", request("tools/call", { name: "echo", arguments: {} }), error(-32602)], ["a notification", { jsonrpc: "2.0", method: "notifications/initialized" }, undefined], ["an answer", { jsonrpc: "2.0", id: 1, result: {} }, undefined], ["an empty line", " ", undefined],
  ])("answers %s as the protocol has it", async (_what, message, answer) => {
    expect(await ask(message)).toEqual(answer);
  });

  it("lives through whatever it is sent, and says one line", async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.json().map((params) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`)), async (line) => {
      expect((await answerLine(server, line)) ?? "").not.toContain("\n");
    }), { numRuns: 300 });
  });
});
