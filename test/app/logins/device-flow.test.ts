import { describe, expect, test } from "vitest";
import type { DeviceLoop } from "../../../src/app/logins/device-flow.ts";
import { askUntilTyped, readDeviceCode } from "../../../src/app/logins/device-flow.ts";

const NOW_MS = 1_700_000_000_000;
const answer = { device_code: "d-1", user_code: "ABCD-EFGH", verification_uri: "https://login.example.com/device", verification_uri_complete: "https://login.example.com/device?user_code=ABCD-EFGH", expires_in: 900, interval: 5 };
const read = (changes: object, status = 200): ReturnType<typeof readDeviceCode> => readDeviceCode("Example", status, JSON.stringify({ ...answer, ...changes }), NOW_MS);

describe("a code to type", () => {
  test("is read as the standard has it, and as it was before", () => {
    expect(read({})).toEqual({ deviceCode: "d-1", userCode: "ABCD-EFGH", page: "https://login.example.com/device", pageWithCode: "https://login.example.com/device?user_code=ABCD-EFGH", expiresMs: NOW_MS + 900_000, intervalMs: 5000 });
    expect(read({ verification_uri: undefined, verification_url: "https://login.example.com/old", verification_uri_complete: undefined, interval: undefined, expires_in: undefined })).toMatchObject({ page: "https://login.example.com/old", pageWithCode: undefined, intervalMs: 5000, expiresMs: NOW_MS + 3_600_000 });
    expect(read({ interval: 0, expires_in: 1e9 })).toMatchObject({ intervalMs: 1000, expiresMs: NOW_MS + 3_600_000 });
  });

  test.each<[string, object, number, RegExp]>([
    ["no code", { user_code: "" }, 200, /gave no code to log in with/],
    ["a code that moves the cursor", { user_code: "A\u001B[2J" }, 200, /gave no code to log in with/],
    ["a page without TLS", { verification_uri: "http://login.example.com/device" }, 200, /gave no code to log in with/],
    ["a page that is no address", { verification_uri: "javascript:alert(1)" }, 200, /gave no code to log in with/],
    ["an error", { error: "unauthorized_client", error_description: "device flow is \u0007off" }, 400, /^Example gave no code, and said: unauthorized_client \(device flow is \?off\)$/],
    ["another status", {}, 500, /gave no code to log in with \(status 500\)/],
  ])("is none with %s", (_name, changes, status, message) => {
    expect(() => read(changes, status)).toThrow(message);
  });

  test("is no address of a page with a code where that one is none", () => {
    expect(read({ verification_uri_complete: "file:///etc/passwd" }).pageWithCode).toBeUndefined();
  });
});

describe("asking whether it was typed", () => {
  /** Answers in turn; a clock that stands still but for the pauses. */
  const loop = (...answers: readonly (object | undefined)[]): { readonly pauses: number[]; readonly ended: Promise<string> } => {
    const pauses: number[] = [];
    let nowMs = NOW_MS;
    const left = [...answers];
    const parts: DeviceLoop = {
      nowMs: () => nowMs,
      wait: (ms) => {
        pauses.push(ms);
        nowMs += ms;
        return Promise.resolve();
      },
      ask: () => {
        const next = left.shift();
        return Promise.resolve(next === undefined ? undefined : JSON.stringify(next));
      },
    };
    return { pauses, ended: askUntilTyped("Example", { intervalMs: 5000, expiresMs: NOW_MS + 60_000 }, parts) };
  };
  const error = (word: string): object => ({ error: word });
  const pending = error("authorization_pending");

  test("goes on at the same pace, slower when told so, and ends with what else is answered", async () => {
    const { pauses, ended } = loop(pending, pending, error("slow_down"), pending, { access_token: "t" });
    expect(await ended).toBe('{"access_token":"t"}');
    expect(pauses).toEqual([5000, 5000, 5000, 10_000, 10_000]);
  });

  test("asks half as often after each time that nobody answers", async () => {
    const { pauses, ended } = loop(undefined, undefined, { access_token: "t" });
    await ended;
    expect(pauses).toEqual([5000, 10_000, 20_000]);
  });

  test("ends where the person said no, and where the code is over, by the server's word or by the clock", async () => {
    await expect(loop(error("access_denied")).ended).rejects.toMatchObject({ code: "no-value", message: "Example gave no login: it was declined there" });
    await expect(loop(error("expired_token")).ended).rejects.toMatchObject({ code: "no-value", message: "the code for Example is over: nobody typed it in time" });
    const { pauses, ended } = loop(...Array.from({ length: 20 }, () => pending));
    await expect(ended).rejects.toMatchObject({ code: "no-value", message: "the code for Example is over: nobody typed it in time" });
    expect(pauses).toHaveLength(12);
  });

  test("hands on what is neither: an error of the endpoint's is one", async () => {
    expect(await loop(error("invalid_client")).ended).toBe('{"error":"invalid_client"}');
    expect(await loop([]).ended).toBe("[]");
  });
});
