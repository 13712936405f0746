// What is PostgreSQL's own.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { digestOf } from "../../src/engines/engine.ts";
import { openCuttingRelay } from "../support/cutting-relay.ts";
import { openPlace } from "../support/open-place.ts";
import type { PostgresServer } from "../support/postgres-server.ts";
import { hasPostgres, openPostgresServer } from "../support/postgres-server.ts";

const [A, B] = [utf8("first"), utf8("second")];

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => { server = await openPostgresServer({ settings: ["max_connections=30", "superuser_reserved_connections=3"] }); });
  afterAll(() => server.close());

  const placeOf = (database: string, user = "vault", password = server.password, port = server.port): { readonly url: string; readonly environment: Readonly<Record<string, string>> } => ({ url: `postgres://${user}@127.0.0.1:${port}/${database}?tls=off`, environment: password === "" ? {} : { VAULT_STORE_PASSWORD: password } });
  const refuses = async (work: Promise<unknown>, says: string): Promise<void> => { await expect(work).rejects.toMatchObject({ code: "store-unavailable", message: expect.stringContaining(says) as string }); };

  test("the first changes of many make one table", async () => {
    server.ask("CREATE DATABASE fresh OWNER vault");
    const engines = await Promise.all(Array.from({ length: 12 }, () => openPlace(placeOf("fresh"))));
    expect(await engines[0]?.read("vault")).toEqual({ kind: "none" });
    expect(await engines[0]?.list("", "", 5)).toEqual([]);
    const answers = await Promise.all(engines.map((engine, number) => engine.replace(`count/${number}`, A, undefined)));
    expect(answers).toEqual(engines.map(() => "done"));
    expect(server.ask("SELECT count(*) FROM vault_entries", "fresh")).toBe("12");
  });

  test("is durable where the server is set to answer sooner", async () => {
    server.ask("ALTER ROLE vault SET synchronous_commit = off");
    onTestFinished(() => void server.ask("ALTER ROLE vault RESET synchronous_commit"));
    server.ask("CREATE DATABASE durable OWNER vault");
    server.ask("ALTER DATABASE durable SET default_transaction_isolation = 'serializable'");
    const engine = await openPlace(placeOf("durable"));
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    server.ask("CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.bytes := convert_to(current_setting('synchronous_commit') || ' ' || current_setting('transaction_isolation'), 'UTF8'); RETURN NEW; END $$; CREATE TRIGGER noted BEFORE UPDATE ON vault_entries FOR EACH ROW EXECUTE FUNCTION noted()", "durable");
    expect(await engine.replace("vault", B, digestOf(A))).toBe("done");
    expect(await engine.read("vault")).toEqual({ kind: "bytes", bytes: Buffer.from("on read committed") });
  });

  test("a watcher hears of what was changed by hand", async () => {
    server.ask("CREATE DATABASE hands OWNER vault");
    const engine = await openPlace(placeOf("hands"));
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    const heard: number[] = [];
    engine.watch("vault", () => heard.push(1));
    await expect.poll(() => heard.length).toBe(1);
    // Its first look tells nothing.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    server.ask("DELETE FROM vault_entries", "hands");
    await expect.poll(() => heard.length).toBeGreaterThan(1);
    expect(await engine.read("vault", digestOf(A))).toEqual({ kind: "none" });
  });

  test("tells why it cannot be used", async () => {
    await refuses((await openPlace(placeOf("vault", "vault", ""))).read("vault"), "it wants a password");
    await refuses((await openPlace(placeOf("nowhere"))).read("vault"), "no database of this name");
    await refuses((await openPlace(placeOf("vault", "nobody", "x"))).read("vault"), "refuses the user or the password");
    server.ask("CREATE ROLE guest LOGIN PASSWORD 'pw-guest'; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    await refuses((await openPlace(placeOf("vault", "guest", "pw-guest"))).replace("vault", A, undefined), "may not do this");
    server.ask("ALTER ROLE vault SET default_transaction_read_only = on");
    onTestFinished(() => void server.ask("ALTER ROLE vault RESET default_transaction_read_only"));
    await refuses((await openPlace(placeOf("vault"))).replace("vault", A, undefined), "it takes no changes");
  });

  test.each([["53100", "its disk is full"], ["53200", "its memory is full"], ["58030", "cannot read or write its disk"], ["57P01", "shutting down"]])("tells what the server says of a change (%s)", async (state, says) => {
    server.ask(`CREATE DATABASE full_${state.toLowerCase()} OWNER vault`);
    const engine = await openPlace(placeOf(`full_${state.toLowerCase()}`));
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    server.ask(`CREATE FUNCTION full_now() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'pw-secret' USING ERRCODE = '${state}'; END $$; CREATE TRIGGER full_now BEFORE UPDATE ON vault_entries FOR EACH ROW EXECUTE FUNCTION full_now()`, `full_${state.toLowerCase()}`);
    // After some of these the session is over, and it is no longer known what was done.
    const answer = await engine.replace("vault", B, digestOf(A)).catch((error: unknown) => (error instanceof Error ? error.message : ""));
    if (answer !== "unknown") expect(answer).toContain(says);
    expect(answer).not.toContain("pw-secret");
    expect(await engine.read("vault", digestOf(A))).toEqual({ kind: "same" });
  });

  test("tells that there are too many clients", async () => {
    const engines = await Promise.all(Array.from({ length: 35 }, () => openPlace(placeOf("vault"))));
    const answers = await Promise.allSettled(engines.map((engine) => engine.read("vault")));
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [String(answer.reason)] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const text of refused) expect(text).toContain("too many clients");
  });

  test("a change that waits at the server when its answer is given up is not made later", async () => {
    const relay = await openCuttingRelay(server.port);
    onTestFinished(() => relay.close());
    server.ask("CREATE DATABASE later OWNER vault");
    const engine = await openPlace(placeOf("later", "vault", server.password, relay.port));
    expect(await engine.replace("vault", A, undefined)).toBe("done");
    // Another holds the row for two seconds.
    server.ask("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$; CREATE TRIGGER slow BEFORE UPDATE ON vault_entries FOR EACH ROW EXECUTE FUNCTION slow()", "later");
    const change = engine.replace("vault", B, digestOf(A));
    await expect.poll(() => server.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).toBe("1");
    relay.cut();
    expect(await change).toBe("unknown");
    expect(await engine.read("vault", digestOf(A))).toEqual({ kind: "same" });
    expect(server.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).toBe("0");
  });

  test("is not read from a standby, which may be behind", async () => {
    const standby = await openPostgresServer();
    onTestFinished(() => standby.close());
    const place = placeOf("vault", "vault", standby.password, standby.port);
    expect(await (await openPlace(place)).replace("vault", A, undefined)).toBe("done");
    await standby.stop("SIGINT");
    writeFileSync(join(standby.data, "standby.signal"), "", { mode: 0o644 });
    await standby.start();
    await refuses((await openPlace(place)).read("vault"), "it is a replica");
  });
});
