// What an MCP host says, and is answered: the beginning, which tools there are, a tool's call. Knows no vault: the tools are handed in.
import { VaultError } from "../../errors.ts";
import { CODES, encodeError, encodeResult, isObject, parseMessage } from "./json-rpc.ts";

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema of the arguments, an object without further properties. */
  readonly properties: Readonly<Record<string, { readonly type: "string"; readonly description: string }>>;
  readonly required: readonly string[];
  /** @throws VaultError, which the model is told. */
  readonly call: (given: Readonly<Record<string, string>>) => Promise<ToolAnswer>;
}

export interface ToolAnswer {
  readonly object: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

/** The newest first. All of them have these messages in common. */
const VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;

export interface McpServer {
  readonly version: string;
  readonly instructions: string;
  readonly tools: readonly Tool[];
}

/** @returns the line to answer with; undefined where nothing is to be said. Never throws: what goes wrong is an answer. */
export async function answerLine(server: McpServer, line: string): Promise<string | undefined> {
  if (line.trim() === "") return undefined;
  const message = parseMessage(line);
  switch (message.kind) {
    case "notification":
    case "response":
      return undefined;
    case "invalid":
      return encodeError(message.id, message.code, message.why);
    case "request":
      break;
  }
  const { id, method, params } = message;
  switch (method) {
    case "initialize":
      return encodeResult(id, { protocolVersion: VERSIONS.find((version) => version === params["protocolVersion"]) ?? VERSIONS[0], capabilities: { tools: {} }, serverInfo: { name: "vault", title: "vault", version: server.version }, instructions: server.instructions });
    case "ping":
      return encodeResult(id, {});
    case "tools/list":
      return encodeResult(id, { tools: server.tools.map(describeTool) });
    case "tools/call": {
      const tool = server.tools.find(({ name }) => name === params["name"]);
      if (tool === undefined) return encodeError(id, CODES.params, "there is no such tool");
      const given = findArguments(tool, params["arguments"] ?? {});
      return given === undefined ? encodeError(id, CODES.params, `${tool.name} takes ${Object.keys(tool.properties).join(", ") || "nothing"}, as text`) : encodeResult(id, await callTool(tool, given));
    }
    default:
      return encodeError(id, CODES.method, "there is no such method");
  }
}

function describeTool({ name, title, description, properties, required }: Tool): Record<string, unknown> {
  return { name, title, description, inputSchema: { type: "object", properties, required, additionalProperties: false }, annotations: { readOnlyHint: true, destructiveHint: false, openWorldHint: false } };
}

function findArguments({ properties, required }: Tool, value: unknown): Record<string, string> | undefined {
  if (!isObject(value)) return undefined;
  const given = Object.entries(value).flatMap(([name, text]) => (typeof text === "string" && Object.hasOwn(properties, name) ? [[name, text] as const] : []));
  return given.length === Object.keys(value).length && required.every((name) => Object.hasOwn(value, name)) ? Object.fromEntries(given) : undefined;
}

/** A tool that fails is an answer too, which the model reads. What is not ours is told by its kind only: its message may quote what it was working on. */
async function callTool(tool: Tool, given: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  try {
    const { object, lines } = await tool.call(given);
    return { content: [{ type: "text", text: lines.join("\n") }], structuredContent: object, isError: false };
  } catch (error) {
    const text = error instanceof VaultError ? [error.message, ...(error.hint === undefined ? [] : [error.hint])].join("\n") : `unexpected failure (${error instanceof Error ? error.name : typeof error})`;
    return { content: [{ type: "text", text }], isError: true };
  }
}
