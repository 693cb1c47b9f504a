/** The session: one refresh at a time, and no surprise endings. */
import { expect, test, vi } from "vitest";
import { passwordAuth } from "../auth.js";
import { memoryTokens } from "../storage.js";
import { answers, calls, pass, settle, useFakeServer } from "./fakes.js";

useFakeServer();

const TEN_MINUTES = 600;
let issued = 0;

function pair() {
  issued += 1;
  const iat = Math.floor(Date.now() / 1000);
  const payload = btoa(JSON.stringify({ iat, exp: iat + TEN_MINUTES, n: issued }));
  return { access: `h.${payload}.s`, refresh: `refresh-${issued}` };
}

async function loggedIn() {
  answers["auth/login"] = () => ({ body: pair() });
  answers["auth/refresh"] = () => ({ body: pair() });
  const storage = memoryTokens();
  const auth = passwordAuth({ url: "http://chat.test", storage });
  await auth.login({ username: "alice", password: "secret" });
  return { auth, storage };
}

const refreshes = () => calls.filter((path) => path === "auth/refresh").length;

test("a good token is handed out without asking", async () => {
  const { auth, storage } = await loggedIn();
  expect(await auth.getToken()).toBe(storage.load()?.access);
  expect(refreshes()).toBe(0);
});

test("a token is refreshed half a minute before its end", async () => {
  const { auth } = await loggedIn();
  const first = await auth.getToken();
  await pass((TEN_MINUTES - 31) * 1000);
  expect(await auth.getToken()).toBe(first);
  await pass(1000);
  expect(await auth.getToken()).not.toBe(first);
});

test("a clock that is wrong by hours does not matter", async () => {
  const now = Date.now();
  const { auth } = await loggedIn();
  vi.setSystemTime(now + 5 * 3_600_000);
  answers["auth/login"] = () => {
    const iat = Math.floor(now / 1000);
    return { body: { ...pair(), access: `h.${btoa(JSON.stringify({ iat, exp: iat + 600 }))}.s` } };
  };
  await auth.login({ username: "alice", password: "secret" });
  await auth.getToken();
  expect(refreshes()).toBe(0);
});

test("many askers share one refresh", async () => {
  const { auth, storage } = await loggedIn();
  const tokens = await Promise.all([1, 2, 3].map(() => auth.getToken({ fresh: true })));
  expect(refreshes()).toBe(1);
  expect(new Set(tokens)).toEqual(new Set([storage.load()?.access]));
  await auth.getToken({ fresh: true });
  expect(refreshes()).toBe(2);
});

test("the rotated pair is stored", async () => {
  const { auth, storage } = await loggedIn();
  const before = storage.load()?.refresh;
  await auth.getToken({ fresh: true });
  expect(storage.load()?.refresh).not.toBe(before);
});

test("a refused refresh ends the session", async () => {
  const { auth, storage } = await loggedIn();
  answers["auth/refresh"] = () => ({ status: 401, body: { code: "unauthorized", detail: "no" } });
  await expect(auth.getToken({ fresh: true })).rejects.toMatchObject({ code: "unauthorized" });
  expect(storage.load()).toBeNull();
  expect(auth.signedIn.snapshot()).toBe(false);
});

test("when another tab was quicker, its pair is used", async () => {
  const { auth, storage } = await loggedIn();
  answers["auth/refresh"] = () => {
    storage.save({ access: "other tab", refresh: "other", expiresAt: Date.now() + 600_000 });
    return { status: 401, body: { code: "unauthorized", detail: "used" } };
  };
  expect(await auth.getToken({ fresh: true })).toBe("other tab");
  expect(auth.signedIn.snapshot()).toBe(true);
});

test("an unreachable server does not end the session", async () => {
  const { auth, storage } = await loggedIn();
  delete answers["auth/refresh"];
  await expect(auth.getToken({ fresh: true })).rejects.toMatchObject({ code: "unavailable" });
  expect(storage.load()).not.toBeNull();
});

test("a refresh that ends after logout does not bring the session back", async () => {
  const { auth, storage } = await loggedIn();
  const refreshing = auth.getToken({ fresh: true });
  const outcome = expect(refreshing).rejects.toMatchObject({ code: "unauthorized" });
  auth.forget();
  await settle();
  await outcome;
  expect(storage.load()).toBeNull();
});

test("logout works without a network", async () => {
  const { auth } = await loggedIn();
  await auth.logout();
  expect(auth.signedIn.snapshot()).toBe(false);
});

test("a wrong password is told with the server's code", async () => {
  const { auth } = await loggedIn();
  answers["auth/login"] = () => ({ status: 401, body: { code: "unauthorized", detail: "Wrong." } });
  await expect(auth.login({ username: "alice", password: "x" })).rejects.toThrow("Wrong.");
});
