// What the providers of models answer: whole, or word by word as server-sent events, each in the form of its own API. The answer is always "hello".
import type { IncomingMessage, ServerResponse } from "node:http";

interface ModelApi {
  readonly path: RegExp;
  readonly whole: unknown;
  readonly events: readonly string[];
}

const unnamed = (event: unknown): string => `data: ${JSON.stringify(event)}\n\n`;
const named = (event: { readonly type: string }): string => `event: ${event.type}\n${unnamed(event)}`;

const chunk = (delta: object, reason: string | null): string => unnamed({ id: "one", object: "chat.completion.chunk", created: 1, model: "any", choices: [{ index: 0, delta, finish_reason: reason }] });
const message = { id: "msg_1", type: "message", role: "assistant", model: "any", stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } };
const gemini = (text: string, more: object = {}): object => ({ candidates: [{ content: { role: "model", parts: [{ text }] }, ...more }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 } });

const APIS: readonly ModelApi[] = [
  {
    // OpenAI's, Mistral's, and Groq's.
    path: /\/chat\/completions$/,
    whole: { id: "one", object: "chat.completion", created: 1, model: "any", choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "hello" } }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
    events: [chunk({ role: "assistant", content: "hel" }, null), chunk({ content: "lo" }, null), chunk({}, "stop"), "data: [DONE]\n\n"],
  },
  {
    // Anthropic's.
    path: /\/v1\/messages$/,
    whole: { ...message, content: [{ type: "text", text: "hello" }], stop_reason: "end_turn" },
    events: [
      named({ type: "message_start", ...{ message: { ...message, content: [] } } }),
      named({ type: "content_block_start", ...{ index: 0, content_block: { type: "text", text: "" } } }),
      named({ type: "content_block_delta", ...{ index: 0, delta: { type: "text_delta", text: "hello" } } }),
      named({ type: "content_block_stop", ...{ index: 0 } }),
      named({ type: "message_delta", ...{ delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 1 } } }),
      named({ type: "message_stop" }),
    ],
  },
  // Gemini's.
  { path: /:generateContent$/, whole: gemini("hello", { finishReason: "STOP" }), events: [] },
  { path: /:streamGenerateContent$/, whole: undefined, events: [unnamed(gemini("hel")), unnamed(gemini("lo", { finishReason: "STOP" }))] },
  {
    // Cohere's.
    path: /\/v2\/chat$/,
    whole: { id: "one", finish_reason: "COMPLETE", message: { role: "assistant", content: [{ type: "text", text: "hello" }] } },
    events: [
      named({ type: "message-start", ...{ id: "one", delta: { message: { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] } } } }),
      named({ type: "content-start", ...{ index: 0, delta: { message: { content: { type: "text", text: "" } } } } }),
      named({ type: "content-delta", ...{ index: 0, delta: { message: { content: { text: "hello" } } } } }),
      named({ type: "content-end", ...{ index: 0 } }),
      named({ type: "message-end", ...{ delta: { finish_reason: "COMPLETE", usage: {} } } }),
    ],
  },
];

/** Answers where the path is one of theirs. */
export function serveModel(path: string, request: IncomingMessage, response: ServerResponse): boolean {
  const api = request.method === "POST" ? APIS.find((one) => one.path.test(path)) : undefined;
  if (api === undefined) return false;
  let asked = "";
  request.on("data", (part: Buffer) => (asked += part.toString())).on("end", () => {
    const isStream = api.whole === undefined || (api.events.length > 0 && /"stream":\s*true/.test(asked));
    if (isStream) void sendEvents(response, api.events);
    else response.setHeader("content-type", "application/json").end(JSON.stringify(api.whole));
  });
  return true;
}

/** One by one, as they come from a model. */
async function sendEvents(response: ServerResponse, events: readonly string[]): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    response.write(event);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  response.end();
}
