// SDKs of the providers of models, in Node and Python: an answer at once, and one that comes word by word. `.ci/clients` puts the packages where these look for them.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Tool } from "./programs.ts";
import { succeeds } from "./programs.ts";

const CLIENTS = fileURLToPath(new URL("../../node_modules/.cache/clients/", import.meta.url));
export const CLIENT_PYTHON = `${CLIENTS}python/bin/python`;
const WORK = "an answer, and one as a stream";

const node = (name: string, folder: string, body: string): Tool => ({
  name: `Node: ${name}`,
  work: WORK,
  isHere: () => existsSync(`${CLIENTS}node_modules/${folder}`),
  script: `cat > model.mjs <<'END'
import { createRequire } from "node:module";
const load = createRequire("${CLIENTS}any.js"), { URL: base, TOKEN } = process.env, messages = [{ role: "user", content: "hello" }];
const join = async (parts, textOf) => { let text = ""; for await (const part of parts) text += textOf(part) ?? ""; return text; };
const told = await (async () => {
${body}
})();
console.log(told.join(" ") === "hello hello" ? "done" : told);
END
"${process.execPath}" model.mjs`,
});

const python = (name: string, module: string, body: string, work = WORK): Tool => ({
  name: `Python: ${name}`,
  work,
  isHere: () => existsSync(CLIENT_PYTHON) && succeeds(CLIENT_PYTHON, "-c", `import ${module}`),
  script: `"${CLIENT_PYTHON}" - <<'END'
import os
base, token, messages = os.environ["URL"], os.environ["TOKEN"], [{"role": "user", "content": "hello"}]
def run():
${body.trim().split("\n").map((line) => `    ${line}`).join("\n")}
told = run()
print("done" if tuple(told) == ("hello", "hello") else told)
END`,
});

export const MODEL_TOOLS: readonly Tool[] = [
  node("openai, a stream", "openai", `const { OpenAI } = load("openai"), client = new OpenAI({ apiKey: TOKEN, baseURL: base + "/v1", maxRetries: 0 });
const ask = (stream) => client.chat.completions.create({ model: "any", messages, stream });
return [(await ask(false)).choices[0].message.content, await join(await ask(true), ({ choices }) => choices[0].delta.content)];`),
  node("@anthropic-ai/sdk, a stream", "@anthropic-ai/sdk", `const { Anthropic } = load("@anthropic-ai/sdk"), client = new Anthropic({ apiKey: TOKEN, baseURL: base, maxRetries: 0 }), asked = { model: "any", max_tokens: 9, messages };
return [(await client.messages.create(asked)).content[0].text, (await client.messages.stream(asked).finalMessage()).content[0].text];`),
  node("@google/genai", "@google/genai", `const { GoogleGenAI } = load("@google/genai"), { models } = new GoogleGenAI({ apiKey: TOKEN, httpOptions: { baseUrl: base } }), asked = { model: "any", contents: "hello" };
return [(await models.generateContent(asked)).text, await join(await models.generateContentStream(asked), ({ text }) => text)];`),
  node("@mistralai/mistralai", "@mistralai/mistralai", `const { Mistral } = await import("${CLIENTS}node_modules/@mistralai/mistralai/esm/index.js"), { chat } = new Mistral({ apiKey: TOKEN, serverURL: base });
return [(await chat.complete({ model: "any", messages })).choices[0].message.content, await join(await chat.stream({ model: "any", messages }), ({ data }) => data.choices[0].delta.content)];`),
  node("cohere-ai", "cohere-ai", `const { CohereClientV2 } = load("cohere-ai"), client = new CohereClientV2({ token: TOKEN, environment: base });
return [(await client.chat({ model: "any", messages })).message.content[0].text, await join(await client.chatStream({ model: "any", messages }), (event) => event.delta?.message?.content?.text)];`),
  node("groq-sdk", "groq-sdk", `const { Groq } = load("groq-sdk"), client = new Groq({ apiKey: TOKEN, baseURL: base, maxRetries: 0 });
const ask = (stream) => client.chat.completions.create({ model: "any", messages, stream });
return [(await ask(false)).choices[0].message.content, await join(await ask(true), ({ choices }) => choices[0].delta.content)];`),
  node("ai (Vercel)", "ai", `const { generateText, streamText } = load("ai"), model = load("@ai-sdk/openai").createOpenAI({ apiKey: TOKEN, baseURL: base + "/v1" }).chat("any");
return [(await generateText({ model, prompt: "hello", maxRetries: 0 })).text, await join(streamText({ model, prompt: "hello", maxRetries: 0 }).textStream, (text) => text)];`),
  node("@langchain/openai", "@langchain/openai", `const { ChatOpenAI } = load("@langchain/openai"), client = new ChatOpenAI({ model: "any", apiKey: TOKEN, maxRetries: 0, configuration: { baseURL: base + "/v1" } });
return [(await client.invoke("hello")).content, await join(await client.stream("hello"), ({ content }) => content)];`),
  python("openai", "openai", `
import asyncio, openai
client = openai.OpenAI(api_key=token, base_url=base + "/v1", max_retries=0)
async def stream():
    parts = await openai.AsyncOpenAI(api_key=token, base_url=base + "/v1", max_retries=0).chat.completions.create(model="any", messages=messages, stream=True)
    return "".join([part.choices[0].delta.content or "" async for part in parts])
return client.chat.completions.create(model="any", messages=messages).choices[0].message.content, asyncio.run(stream())`),
  python("anthropic", "anthropic", `
import anthropic
client = anthropic.Anthropic(api_key=token, base_url=base, max_retries=0)
with client.messages.stream(model="any", max_tokens=9, messages=messages) as stream:
    text = "".join(stream.text_stream)
return client.messages.create(model="any", max_tokens=9, messages=messages).content[0].text, text`),
  python("google-genai", "google.genai", `
from google import genai
client = genai.Client(api_key=token, http_options={"base_url": base})
return client.models.generate_content(model="any", contents="hello").text, "".join(part.text for part in client.models.generate_content_stream(model="any", contents="hello"))`),
  python("mistralai", "mistralai", `
try:
    from mistralai import Mistral
except ImportError:
    from mistralai.client import Mistral
chat = Mistral(api_key=token, server_url=base).chat
return chat.complete(model="any", messages=messages).choices[0].message.content, "".join(part.data.choices[0].delta.content or "" for part in chat.stream(model="any", messages=messages))`),
  python("cohere", "cohere", `
import cohere
client = cohere.ClientV2(api_key=token, base_url=base)
return client.chat(model="any", messages=messages).message.content[0].text, "".join(event.delta.message.content.text for event in client.chat_stream(model="any", messages=messages) if event.type == "content-delta")`),
  python("groq", "groq", `
import groq
client = groq.Groq(api_key=token, base_url=base, max_retries=0)
return client.chat.completions.create(model="any", messages=messages).choices[0].message.content, "".join(part.choices[0].delta.content or "" for part in client.chat.completions.create(model="any", messages=messages, stream=True))`),
  python("langchain-openai", "langchain_openai", `
from langchain_openai import ChatOpenAI
client = ChatOpenAI(model="any", api_key=token, base_url=base + "/v1", max_retries=0)
return client.invoke("hello").content, "".join(part.content for part in client.stream("hello"))`),
  python("websockets", "websockets", `
import asyncio, websockets
async def greet():
    async with websockets.connect(base.replace("https", "wss") + "/socket", additional_headers={"Authorization": "Bearer " + token}) as socket:
        return await socket.recv()
return asyncio.run(greet()), "hello"`, "a WebSocket, the token in a header"),
  python("azure-storage-blob", "azure.storage.blob", `
from azure.core.credentials import AccessToken
from azure.storage.blob import BlobClient
class Held:
    def get_token(self, *scopes, **more):
        return AccessToken(token, 4000000000)
blob = BlobClient(base, "container", "blob", credential=Held(), max_single_get_size=1000000, max_chunk_get_size=1000000)
text = os.urandom(100000) * 25
blob.upload_blob(text, overwrite=True)
return "hello", "hello" if blob.download_blob().readall() == text else "other"`, "an upload, and a download in parts"),
];
