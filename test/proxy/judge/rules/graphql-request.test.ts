// What a request of GraphQL would do, whatever it calls it.
import { beforeAll, describe, expect, test } from "vitest";
import { loadParser } from "../../../../src/proxy/judge/rules/graphql-document.ts";
import { findGraphqlFault } from "../../../../src/proxy/judge/rules/graphql-request.ts";

beforeAll(loadParser);

const QUERIES = { operations: ["query"], fields: null } as const;
const FIELDS = { operations: ["query"], fields: ["repository", "viewer"] } as const;
const JSON_TYPE = ["Content-Type", "application/json"];
const post = (body: string, rule: typeof QUERIES | typeof FIELDS = QUERIES, headers = JSON_TYPE, target = "/graphql"): string | undefined => findGraphqlFault(rule, { method: "POST", target, headers }, Buffer.from(body));
const query = (text: string, more: object = {}): string => JSON.stringify({ query: text, ...more });

describe("is let through", () => {
  test.each([
    query("{ viewer { login } }"),
    query("query { viewer { login } }"),
    query("query A { viewer { login } } query B { viewer { id } }", { operationName: "A" }),
    query("query($a: String) { repository(name: $a) { id } }", { variables: { a: "mutation { x }" } }),
    query('{ viewer(note: "mutation { deleteRepository }") { login } }'),
    query('{ viewer(note: """mutation { x } "quoted" """) { login } }'),
    query("# mutation { x }\n{ viewer { login } }"),
    query("{ mutation: viewer { login } }"),
    query("{ viewer { ...F } } fragment F on User { mutation: id }"),
    query("{ viewer { login } }", { extensions: { tracing: true } }),
    query("{ viewer { login } }", { extensions: null, id: null }),
    `[${query("{ viewer { login } }")}, ${query("{ viewer { id } }")}]`,
    query("{ viewer(note: \"\u2014 \u201cs\u201d \u{1f680} \u00fc\") { login } }"),
  ])("%s", (body) => {
    expect(post(body)).toBeUndefined();
  });

  test.each([query("{ viewer { x y z } repository { q } __typename }"), query("{ v: viewer { x } ... on Query { repository { a } } }"), query("{ ...F } fragment F on Query { viewer { secret } }")])("of two fields: %s", (body) => {
    expect(post(body, FIELDS)).toBeUndefined();
  });

  test("a GET without a document, and with one that is allowed", () => {
    const get = (target: string): string | undefined => findGraphqlFault(QUERIES, { method: "GET", target, headers: [] }, undefined);
    for (const target of ["/repos/a", "/search?query=mutation", "/search?q={a}", "/graphql", "/graphql?query={viewer{login}}", "/graphql?query=%7Bviewer%7Blogin%7D%7D&variables=%7B%7D"]) expect(get(target), target).toBeUndefined();
  });
});

describe("is not let through", () => {
  test.each([
    query("mutation { deleteRepository { id } }"),
    query("mutation A { x } query B { viewer { id } }", { operationName: "B" }),
    query("query B { viewer { id } } mutation A { x }"),
    query("subscription { s }"),
    query("{ viewer { id } } mutation { x }"),
    query("mutation\n{ x }"), query("mutation,{ x }"), query("mutation @skip(if: true) { x }"), query("\ufeffmutation { x }"),
    query("# \u2028 mutation { x }\n{ a }"), query("{ a } # \u0085 mutation { x }"), query("{ a }\u0000mutation { x }"), query("{ a }\u00a0"),
    query("{ ...F }"), query("fragment F on Query { a }"), query("type A { b: C }"), query("{ a } type A { b: C }"), query("{ a"), query(""), query(" "), query("nothing"),
    query("{ ...F } fragment F on Query { a } fragment F on Query { b }"),
    query(`{ ${"a { ".repeat(300)} b ${"} ".repeat(300)} }`),
    query(`{ ${"a ".repeat(30_000)} }`),
    JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } }),
    query("{ a }", { extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } }),
    query("{ a }", { Extensions: { PersistedQuery: {} } }),
    query("{ a }", { documentId: "x" }), query("{ a }", { doc_id: "1" }), query("{ a }", { queryId: "1" }),
    JSON.stringify({ id: "1" }), JSON.stringify({ operationName: "A" }), "{}", "[]", "null", "1", '"{ a }"', "", "{", "[[]]", JSON.stringify({ query: ["{ a }"] }), JSON.stringify({ query: { a: 1 } }),
    `[${query("{ a }")}, ${query("mutation { x }")}]`, `[${query("{ a }")}, {}]`, `[${query("{ a }")}, [${query("mutation { x }")}]]`,
    '{"query":"{ a }","query":"mutation { x }"}', '{"query":"mutation { x }","query":"{ a }"}', '{"query":"{ a }","Query":"mutation { x }"}', '{"QUERY":"mutation { x }"}', '{"query":"{ a }","\\u0071uery":"mutation { x }"}', '[{"query":"{ a }","query":"mutation { x }"}]',
    '{"query":"\\u006dutation { x }"}', '{"variables":{},"query":"mutation { x }"}', `\ufeff${query("{ a }")}`,
  ])("%s", (body) => {
    expect(post(body)).toEqual(expect.any(String));
  });

  test.each([
    query("{ other { id } }"), query("{ viewer: other { id } }"), query("{ viewer { id } other { id } }"), query("{ ...F } fragment F on Query { ...G } fragment G on Query { other }"), query("{ ... on Query { other } }"), query("{ ... @include(if: false) { other } }"), query("{ __schema { types { name } } }"), query("query A { viewer { id } } query B { other }", { operationName: "A" }),
    query("{ ...F } fragment F on Query { ...F other }"),
  ])("where two fields are: %s", (body) => {
    expect(post(body, FIELDS)).toEqual(expect.any(String));
  });

  test.each<[string, string[]]>([
    ["of no type", []],
    ["of another", ["Content-Type", "text/plain"]],
    ["of two", ["Content-Type", "application/json", "content-type", "application/graphql"]],
    ["as a list", ["Content-Type", "application/json, application/graphql"]],
    ["in another coding of characters", ["Content-Type", "application/json; charset=utf-16le"]],
    ["compressed", ["Content-Type", "application/json", "Content-Encoding", "gzip"]],
    ["of GraphQL's own", ["Content-Type", "application/graphql"]],
    ["of a form", ["Content-Type", "application/x-www-form-urlencoded"]],
    ["of parts", ["Content-Type", "multipart/form-data; boundary=x"]],
  ])("a body %s", (_, headers) => {
    expect(post(query("{ a }"), QUERIES, headers)).toEqual(expect.any(String));
  });

  test("a document in the query, beside one in the body or alone", () => {
    expect(post(query("{ a }"), QUERIES, JSON_TYPE, "/graphql?query=mutation{x}")).toEqual(expect.any(String));
    expect(post(query("{ a }"), QUERIES, JSON_TYPE, "/graphql?%71uery=mutation{x}")).toEqual(expect.any(String));
    expect(post(query("{ a }"), QUERIES, JSON_TYPE, "/graphql?extensions={}")).toEqual(expect.any(String));
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      for (const target of ["/graphql?query=mutation{x}", "/graphql?query=subscription{x}", "/v2?query=mutation{x}", "/graphql?Query=mutation{x}", "/graphql?query={a}&query=mutation{x}", "/graphql?query=nothing"]) expect(findGraphqlFault(QUERIES, { method, target, headers: [] }, undefined), `${method} ${target}`).toEqual(expect.any(String));
    }
    for (const target of ["/graphql?extensions={}", "/graphql?id=1&documentId=2", "/gql?doc_id=1"]) expect(findGraphqlFault(QUERIES, { method: "GET", target, headers: [] }, undefined), target).toEqual(expect.any(String));
  });

  test("a body of another method than POST, and a POST without one", () => {
    expect(findGraphqlFault(QUERIES, { method: "GET", target: "/graphql", headers: JSON_TYPE }, Buffer.from(query("mutation { x }")))).toEqual(expect.any(String));
    expect(findGraphqlFault(QUERIES, { method: "POST", target: "/repos/a", headers: [] }, undefined)).toEqual(expect.any(String));
    for (const method of ["PUT", "DELETE", "PATCH", "QUERY"]) {
      expect(findGraphqlFault(QUERIES, { method, target: "/repos/a", headers: JSON_TYPE }, Buffer.from("{}"))).toEqual(expect.any(String));
      expect(findGraphqlFault(QUERIES, { method, target: "/graphql", headers: JSON_TYPE }, Buffer.from(query("mutation { x }")))).toEqual(expect.any(String));
      expect(findGraphqlFault(QUERIES, { method, target: "/graphql?query=mutation{x}", headers: [] }, undefined)).toEqual(expect.any(String));
      // The paths alone judge those.
      expect(findGraphqlFault(QUERIES, { method, target: "/repos/a", headers: [] }, undefined)).toBeUndefined();
    }
  });
});
