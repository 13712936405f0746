// A secret that may query and not change anything, at a service that takes GraphQL alone. The program hides a mutation: behind the name of another operation, in a batch, in the URL, in a second member of one name, as a document that only the
// server knows, under another type, compressed, or in a comment that another reader ends sooner.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttackStage } from "../../support/attack-stage.ts";
import { expectRuledOut, expectThrough, openRuledStage, requestOf } from "../../support/ruled-stage.ts";

let stage: AttackStage;
beforeAll(async () => {
  stage = await openRuledStage({ allow: ["GET,HEAD /**", "POST /graphql"], graphql: { operations: ["query"], fields: ["repository", "viewer"] } });
});
afterAll(() => stage.close());

const JSON_TYPE = "Content-Type: application/json";
const post = (body: string, headers: readonly string[] = [JSON_TYPE], target = "/graphql"): string => requestOf(stage, `POST ${target}`, headers, body);
const query = (text: string, more: object = {}): string => JSON.stringify({ query: text, ...more });
const READ = "{ viewer { login } }";
const WRITE = "mutation { deleteRepository { id } }";

describe("is refused:", () => {
  it.each<[string, string]>([
    ["a mutation", query(WRITE)],
    ["one beside the query that is named", query(`query A ${READ} mutation B { deleteRepository { id } }`, { operationName: "A" })],
    ["one that is named beside a query", query(`mutation B { deleteRepository { id } } query A ${READ}`, { operationName: "B" })],
    ["a subscription", query("subscription { viewer }")],
    ["in a batch", `[${query(READ)},${query(WRITE)}]`],
    ["in a batch within a batch", `[${query(READ)},[${query(WRITE)}]]`],
    ["the second of two members", `{"query":${JSON.stringify(READ)},"query":${JSON.stringify(WRITE)}}`],
    ["the first of two members", `{"query":${JSON.stringify(WRITE)},"query":${JSON.stringify(READ)}}`],
    ["a member in capitals", `{"query":${JSON.stringify(READ)},"Query":${JSON.stringify(WRITE)}}`],
    ["an escaped member", `{"query":${JSON.stringify(READ)},"\\u0071uery":${JSON.stringify(WRITE)}}`],
    ["a hash", JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } })],
    ["a hash beside a document", query(READ, { extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } })],
    ["the id of a document", JSON.stringify({ documentId: "1", variables: {} })],
    ["the id of a document beside another", query(READ, { doc_id: "1" })],
    ["another field", query("{ organization { id } }")],
    ["another field under an allowed name", query("{ viewer: organization { id } }")],
    ["another field in a fragment", query("{ ...F } fragment F on Query { organization { id } }")],
    ["another field in a fragment of a type", query("{ ... on Query { organization { id } } }")],
    ["another field that is left out", query("{ viewer { id } organization @skip(if: true) { id } }")],
    ["the schema", query("{ __schema { types { name } } }")],
    ["behind a comment that ends at U+2028", query(`# \u2028 ${WRITE}\n${READ}`).replace("\u2028", "\\u2028")],
    ["behind a comment that ends at U+0085", query(`# \u0085 ${WRITE}\n${READ}`).replace("\u0085", "\\u0085")],
    ["behind a byte order mark", `\u00ef\u00bb\u00bf${query(WRITE)}`],
    ["no document", "{}"],
    ["a name alone", JSON.stringify({ operationName: "A" })],
    ["a list of documents in one member", JSON.stringify({ query: [WRITE] })],
    ["a document that does not end", query("{ viewer {")],
    ["a document deeper than anybody writes", query("{viewer".repeat(5_000))],
    ["nothing", ""],
    ["text", WRITE],
    ["a number", "1"],
    ["what is not UTF-8", `{"query":"{ viewer(a: \\"\u00ff\\") { id } }"}`],
  ])("%s", async (_, body) => {
    await expectRuledOut(stage, post(body));
  });

  it.each<[string, readonly string[]]>([
    ["of GraphQL's own type", ["Content-Type: application/graphql"]],
    ["as a form", ["Content-Type: application/x-www-form-urlencoded"]],
    ["as parts", ["Content-Type: multipart/form-data; boundary=b"]],
    ["of no type", []],
    ["as text", ["Content-Type: text/plain"]],
    ["of two types", [JSON_TYPE, "Content-Type: application/graphql"]],
    ["in another coding of characters", [`${JSON_TYPE}; charset=utf-16`]],
    ["compressed", [JSON_TYPE, "Content-Encoding: deflate"]],
  ])("a body %s, where another document may be read", async (_, headers) => {
    await expectRuledOut(stage, post(query(READ), headers));
  });

  it.each(["/graphql?query=mutation{deleteRepository{id}}", "/graphql?%71uery=mutation%7Bx%7D", "/graphql?QUERY=mutation{x}", "/graphql?extensions=%7B%7D", "/graphql?query={viewer{id}}&query=mutation{x}", "/graphql?a;query=mutation{x}", "/graphql?%20query=mutation{x}"])("a good body beside %s", async (target) => {
    await expectRuledOut(stage, post(query(READ), [JSON_TYPE], target));
  });

  it.each(["/graphql?query=mutation{deleteRepository{id}}", "/graphql?query=query{organization{id}}", "/x?query=mutation{deleteRepository{id}}", "/x?a=1;query=mutation{deleteRepository{id}}", "/x?+query=mutation{x}", "/graphql?query=%6dutation{x}", "/graphql?extensions={}", "/%67raphql?extensions={}", "/%47raph%51l?id=1&sha256Hash=0", "/api?extensions=%7B%22persistedQuery%22:%7B%7D%7D", "/api?a;Extensions={\"persistedquery\":{}}", "/graphql?query={viewer{id}}&extensions={}"])("GET %s", async (target) => {
    await expectRuledOut(stage, requestOf(stage, `GET ${target}`));
  });

  it("a body of a GET, other methods, other paths, and another protocol", async () => {
    await expectRuledOut(stage, requestOf(stage, "GET /graphql", [JSON_TYPE], query(WRITE)));
    await expectRuledOut(stage, requestOf(stage, "PUT /graphql", [JSON_TYPE], query(READ)));
    await expectRuledOut(stage, post(query(READ), [JSON_TYPE], "/graphql/../v2"));
    await expectRuledOut(stage, requestOf(stage, "POST /graphql", [JSON_TYPE, "X-HTTP-Method-Override: GET"], query(READ)));
    await expectRuledOut(stage, requestOf(stage, "GET /graphql", ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: graphql-transport-ws", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]));
  });

  it("a body that is longer than anybody's document, or comes in chunks", async () => {
    await expectRuledOut(stage, post(query(`{ viewer(a: "${"x".repeat(1_100_000)}") { id } }`)), "bad-request");
    const body = query(WRITE);
    await expectRuledOut(stage, requestOf(stage, "POST /graphql", [JSON_TYPE, "Transfer-Encoding: chunked"], `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`));
  });
});

describe("is let through:", () => {
  it.each<[string, string]>([
    ["a query", query(READ)],
    ["with a name and variables", query("query A($n: String!) { repository(name: $n) { id } }", { operationName: "A", variables: { n: "mutation { x }" } })],
    ["of two fields, one under another name", query("{ v: viewer { login } repository { id } __typename }")],
    ["with a word in a text", query('{ repository(name: "mutation { x }") { id } }')],
    ["a batch", `[${query(READ)},${query(READ)}]`],
  ])("%s", async (_, body) => {
    expect(await expectThrough(stage, post(body))).toContain("POST /graphql HTTP/1.1");
  });

  it("a GET by the paths alone, where nothing of GraphQL is in it", async () => {
    await expectThrough(stage, requestOf(stage, "GET /repos/a?query=mutation"));
    await expectThrough(stage, requestOf(stage, "GET /repos/a?query=mutation;x&a=1;b=2"));
    await expectThrough(stage, requestOf(stage, "GET /repos/a?extensions=ts,js&hash=1"));
    await expectThrough(stage, requestOf(stage, "GET /graphql?query=%7Bviewer%7Blogin%7D%7D"));
  });
});
