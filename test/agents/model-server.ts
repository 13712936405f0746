// A stand-in for the model services that coding agents talk to: Anthropic's Messages, OpenAI's Responses and Chat Completions, Gemini's
// generateContent, as streams, in as many words as the agents need. It answers a prompt with a call of the agent's own shell tool, and the
// tool's result with a sentence. The services themselves cannot be had in a test; the agents are the real ones.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import type { TestCa } from "../support/test-ca.ts";

export interface ModelServer {
  readonly port: number;
  /** `POST api.anthropic.com/v1/messages`, with `401` behind it where the credential was not a real one. */
  readonly requests: () => readonly string[];
  /** Everything that requests said. */
  readonly heard: () => string;
  close(): Promise<void>;
}

/** What the agent is told to run, and what it says once it has. */
export interface Script {
  readonly command: string;
  readonly closing: string;
}

interface Exchange {
  readonly host: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly response: ServerResponse;
}

/** Where a tool that the shell tool runs goes to; it wants a credential of its own. */
export const TOOL_HOST = "tools.example.test";

/** Claude asks for it before it begins, to see whether there is a network. */
const ASKS_NO_CREDENTIAL = /^\/(?:api|v1\/oauth)\/hello$/;

/** @param values the real values: whoever comes without one of them is told 401. */
export async function openModelServer(ca: TestCa, values: readonly string[], script: Script): Promise<ModelServer> {
  const requests: string[] = [];
  let heard = "";
  const contexts = new Map<string, ReturnType<typeof createSecureContext>>();
  const contextOf = (name: string): ReturnType<typeof createSecureContext> => {
    const known = contexts.get(name) ?? createSecureContext(ca.identityFor(name));
    contexts.set(name, known);
    return known;
  };
  const server: Server = createServer({ ...ca.identityFor("localhost"), SNICallback: (name, done) => { done(null, contextOf(name)); } }, (request, response) => {
    void readBody(request).then((text) => {
      const host = (request.headers.host ?? "").replace(/:\d+$/, "");
      const path = request.url ?? "";
      heard += `${request.method ?? ""} ${host}${path} ${request.rawHeaders.join(" ")}\n${text}\n`;
      const isAdmitted = ASKS_NO_CREDENTIAL.test(path) || values.some((value) => request.rawHeaders.some((header) => header.includes(value)) || path.includes(value));
      requests.push(`${request.method ?? ""} ${host}${path.replace(/\?.*/, "")}${isAdmitted ? "" : " 401"}`);
      if (!isAdmitted) response.writeHead(401, { "content-type": "application/json" }).end('{"type":"error","error":{"type":"authentication_error","message":"invalid credential"}}');
      // Tried first, over a WebSocket, by some.
      else if (request.headers.upgrade !== undefined) response.writeHead(426).end();
      else answer({ host, path, body: parse(text), response }, script);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    heard: () => heard,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

function answer(exchange: Exchange, script: Script): void {
  const { host, path, response } = exchange;
  if (host === TOOL_HOST) response.end("the tool's answer\n");
  else if (ASKS_NO_CREDENTIAL.test(path)) json(response, { message: "hello" });
  else if (path.includes("/messages/count_tokens")) json(response, { input_tokens: 10 });
  else if (path.includes("/messages")) answerMessages(exchange, script);
  else if (path.includes("/responses")) answerResponses(exchange, script);
  else if (path.includes("/chat/completions")) answerCompletions(exchange, script);
  else if (path.includes(":streamGenerateContent") || path.includes(":generateContent")) answerGemini(exchange, script);
  else if (path.includes(":countTokens")) json(response, { totalTokens: 10 });
  else if (path.startsWith("/copilot_internal/user")) json(response, COPILOT_USER);
  else if (host.endsWith(".githubcopilot.com") && path.includes("/models")) json(response, { data: [COPILOT_MODEL] });
  else if (path.includes("/models")) json(response, { object: "list", data: [{ id: "gpt-5", object: "model" }], models: [] });
  else response.writeHead(404, { "content-type": "application/json" }).end('{"error":{"message":"not found"}}');
}

/** What GitHub tells its own agent of a user and of the models. */
const COPILOT_USER = { login: "me", copilot_plan: "individual", access_type_sku: "plus_monthly_subscriber_quota", chat_enabled: true, organization_list: [], endpoints: { api: "https://api.githubcopilot.com", telemetry: "https://telemetry.individual.githubcopilot.com", proxy: "https://proxy.individual.githubcopilot.com" } };
const COPILOT_MODEL = {
  id: "gpt-5", name: "GPT-5", object: "model", vendor: "OpenAI", version: "gpt-5", preview: false, model_picker_enabled: true, is_chat_default: true, is_chat_fallback: true, supported_endpoints: ["/chat/completions"], policy: { state: "enabled" },
  capabilities: { type: "chat", family: "gpt-5", tokenizer: "o200k_base", object: "model_capabilities", limits: { max_context_window_tokens: 128_000, max_output_tokens: 16_000, max_prompt_tokens: 100_000 }, supports: { streaming: true, tool_calls: true, parallel_tool_calls: true } },
};

const json = (response: ServerResponse, value: unknown): void => { response.setHeader("content-type", "application/json").end(JSON.stringify(value)); };
const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? (value as Record<string, unknown>[]) : []);

function stream(response: ServerResponse, events: readonly (readonly [string | undefined, unknown])[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [name, data] of events) response.write(`${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  response.end();
}

/** The agent's shell tool among those that it offers, and what it takes: each agent calls it something else. */
function shellCall(tools: readonly Record<string, unknown>[], command: string): { readonly name: string; readonly input: unknown } | undefined {
  const inputs: Readonly<Record<string, unknown>> = {
    Bash: { command, description: "ask" },
    bash: { command, description: "ask" },
    exec_command: { cmd: command },
    shell_command: { command },
    shell: { command: ["sh", "-c", command] },
    run_shell_command: { command, description: "ask", is_background: false },
  };
  const names = tools.flatMap((tool) => [tool["name"], (tool["function"] as { name?: unknown } | undefined)?.name, ...listOf(tool["functionDeclarations"]).map(({ name }) => name)]);
  const name = Object.keys(inputs).find((known) => names.includes(known));
  return name === undefined ? undefined : { name, input: inputs[name] };
}

/** https://docs.anthropic.com/en/api/messages-streaming */
function answerMessages({ body, response }: Exchange, { command, closing }: Script): void {
  const isDone = JSON.stringify(body["messages"] ?? "").includes('"tool_result"');
  const call = isDone ? undefined : shellCall(listOf(body["tools"]), command);
  const block = call === undefined ? { type: "text", text: "" } : { type: "tool_use", id: "toolu_01", name: call.name, input: {} };
  const delta = call === undefined ? { type: "text_delta", text: closing } : { type: "input_json_delta", partial_json: JSON.stringify(call.input) };
  const message = { id: "msg_01", type: "message", role: "assistant", model: body["model"], content: [] as unknown[], stop_reason: null as string | null, stop_sequence: null, usage: { input_tokens: 10, output_tokens: 1 } };
  const reason = call === undefined ? "end_turn" : "tool_use";
  if (body["stream"] !== true) {
    json(response, { ...message, content: [call === undefined ? { type: "text", text: closing } : { ...block, input: call.input }], stop_reason: reason });
    return;
  }
  stream(response, [
    ["message_start", { type: "message_start", message }],
    ["content_block_start", { type: "content_block_start", index: 0, content_block: block }],
    ["content_block_delta", { type: "content_block_delta", index: 0, delta }],
    ["content_block_stop", { type: "content_block_stop", index: 0 }],
    ["message_delta", { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 5 } }],
    ["message_stop", { type: "message_stop" }],
  ]);
}

/** https://platform.openai.com/docs/api-reference/responses-streaming */
function answerResponses({ body, response }: Exchange, { command, closing }: Script): void {
  const isDone = JSON.stringify(body["input"] ?? "").includes("_call_output");
  const call = isDone ? undefined : shellCall(listOf(body["tools"]), command);
  const item = call === undefined ? { type: "message", id: "msg_1", role: "assistant", status: "completed", content: [{ type: "output_text", text: closing, annotations: [] }] } : { type: "function_call", id: "fc_1", call_id: "call_1", name: call.name, arguments: JSON.stringify(call.input), status: "completed" };
  const whole = { id: "resp_1", object: "response", created_at: 1, model: body["model"], status: "completed", output: [item], usage: { input_tokens: 10, input_tokens_details: { cached_tokens: 0 }, output_tokens: 5, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 15 } };
  const events: [string, unknown][] = [
    ["response.created", { type: "response.created", response: { ...whole, status: "in_progress", output: [] } }],
    ["response.output_item.added", { type: "response.output_item.added", output_index: 0, item: call === undefined ? { ...item, content: [] } : { ...item, arguments: "" } }],
    ...(call === undefined ? ([["response.output_text.delta", { type: "response.output_text.delta", item_id: "msg_1", output_index: 0, content_index: 0, delta: closing }]] as [string, unknown][]) : []),
    ["response.output_item.done", { type: "response.output_item.done", output_index: 0, item }],
    ["response.completed", { type: "response.completed", response: whole }],
  ];
  if (body["stream"] === true) stream(response, events);
  else json(response, whole);
}

/** https://platform.openai.com/docs/api-reference/chat-streaming */
function answerCompletions({ body, response }: Exchange, { command, closing }: Script): void {
  const isDone = listOf(body["messages"]).some(({ role }) => role === "tool");
  const call = isDone ? undefined : shellCall(listOf(body["tools"]), command);
  const toolCalls = call === undefined ? undefined : [{ index: 0, id: "call_1", type: "function", function: { name: call.name, arguments: JSON.stringify(call.input) } }];
  const base = { id: "chatcmpl-1", created: 1, model: body["model"] };
  const message = { role: "assistant", content: call === undefined ? closing : null, ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }) };
  const reason = call === undefined ? "stop" : "tool_calls";
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  if (body["stream"] === true) {
    const chunk = (choice: Record<string, unknown>) => ({ ...base, object: "chat.completion.chunk", choices: [{ index: 0, finish_reason: null, ...choice }] });
    stream(response, [[undefined, chunk({ delta: message })], [undefined, { ...chunk({ delta: {}, finish_reason: reason }), usage }], [undefined, "[DONE]"]]);
  } else json(response, { ...base, object: "chat.completion", choices: [{ index: 0, message, finish_reason: reason }], usage });
}

/** https://ai.google.dev/api/generate-content */
function answerGemini({ path, body, response }: Exchange, { command, closing }: Script): void {
  const isDone = JSON.stringify(body["contents"] ?? "").includes('"functionResponse"');
  const call = isDone ? undefined : shellCall(listOf(body["tools"]), command);
  // First of all it asks how hard the question is, and wants numbers for an answer.
  const isAboutItself = JSON.stringify(body["generationConfig"] ?? "").includes("complexity_score");
  const text = isAboutItself ? JSON.stringify({ complexity_reasoning: "one tool, once", complexity_score: 10 }) : closing;
  const parts = call === undefined ? [{ text }] : [{ functionCall: { name: call.name, args: call.input } }];
  const whole = { candidates: [{ index: 0, content: { role: "model", parts }, finishReason: "STOP" }], usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 }, modelVersion: "gemini" };
  if (path.includes(":stream")) stream(response, [[undefined, whole]]);
  else json(response, whole);
}
