/** The life of the connection, from its ticket to its close code. */
import { expect, test } from "vitest";
import { createChatClient } from "../client.js";
import { answers, calls, connected, FakeSocket, pass, settle, useFakeServer } from "./fakes.js";

useFakeServer();

test("a ticket opens the socket, and hello makes it connected", async () => {
  const chat = await connected();
  expect(FakeSocket.last.url).toBe("ws://chat.test/ws/v1?token=t%201");
  expect(chat.connection.snapshot()).toEqual({ state: "connected" });
  expect(chat.me.snapshot()?.username).toBe("alice");
});

test("connecting twice opens one socket", async () => {
  const chat = await connected();
  chat.connect();
  await settle();
  expect(FakeSocket.all).toHaveLength(1);
});

test("each ping is answered at once with its number", async () => {
  await connected();
  FakeSocket.last.receive({ type: "ping", n: 7 });
  expect(FakeSocket.last.commands("pong")).toEqual([{ type: "pong", n: 7 }]);
});

test("a server silent for its heartbeat and ten seconds is gone", async () => {
  const chat = await connected();
  await pass(34_000);
  FakeSocket.last.receive({ type: "ping", n: 1 });
  await pass(34_999);
  expect(chat.connection.snapshot().state).toBe("connected");
  await pass(1);
  expect(chat.connection.snapshot().state).toBe("waiting");
  expect(FakeSocket.all[0]?.isClosed).toBe(true);
});

test("a server that never says hello is given up", async () => {
  const chat = createChatClient({
    url: "http://chat.test",
    auth: { getToken: () => Promise.resolve("access") },
  });
  chat.connect();
  await pass(10_000);
  expect(chat.connection.snapshot().state).toBe("waiting");
});

test.each([1006, 1000, 4000, 4001, 4499, 4999 + 1])("%i reconnects", async (code) => {
  const chat = await connected();
  FakeSocket.last.drop(code);
  expect(chat.connection.snapshot().state).toBe("waiting");
  await pass(500);
  expect(FakeSocket.all).toHaveLength(2);
});

test.each([4500, 4501, 4999])("%i stops", async (code) => {
  const chat = await connected();
  FakeSocket.last.drop(code);
  await pass(60_000);
  expect(chat.connection.snapshot()).toMatchObject({ state: "closed", code });
  expect(FakeSocket.all).toHaveLength(1);
});

test("bye says how long to stay away", async () => {
  await connected();
  FakeSocket.last.receive({ type: "bye", code: 4000, reason: "shutting_down", retry_after: 3 });
  FakeSocket.last.drop(4000);
  await pass(2_999);
  expect(FakeSocket.all).toHaveLength(1);
  await pass(1);
  expect(FakeSocket.all).toHaveLength(2);
});

test("the code of bye counts when the close itself carries none", async () => {
  const chat = await connected();
  FakeSocket.last.receive({ type: "bye", code: 4501, reason: "session_revoked" });
  FakeSocket.last.drop(1006);
  expect(chat.connection.snapshot()).toEqual({
    state: "closed",
    code: 4501,
    reason: "session_revoked",
  });
});

test("the waits grow until a connection has lasted", async () => {
  await connected();
  for (const wait of [500, 1000, 2000]) {
    FakeSocket.last.drop(1006);
    const before = FakeSocket.all.length;
    await pass(wait - 1);
    expect(FakeSocket.all).toHaveLength(before);
    await pass(1);
    expect(FakeSocket.all).toHaveLength(before + 1);
  }
  FakeSocket.last.hello();
  await pass(10_000);
  FakeSocket.last.drop(1006);
  await pass(500);
  expect(FakeSocket.all).toHaveLength(5);
});

test("retryNow ends the wait", async () => {
  const chat = await connected();
  FakeSocket.last.drop(1006);
  chat.retryNow();
  await settle();
  expect(FakeSocket.all).toHaveLength(2);
  await pass(500);
  expect(FakeSocket.all).toHaveLength(2);
});

async function connectNotingTokens(): Promise<(boolean | undefined)[]> {
  const asked: (boolean | undefined)[] = [];
  const chat = createChatClient({
    url: "http://chat.test",
    auth: {
      getToken: (wanted) => {
        asked.push(wanted?.fresh);
        return Promise.resolve("access");
      },
    },
  });
  chat.connect();
  await settle();
  return asked;
}

test("after 4003 new tokens are fetched before the next ticket", async () => {
  const asked = await connectNotingTokens();
  FakeSocket.last.hello();
  FakeSocket.last.drop(4003);
  asked.length = 0;
  await pass(500);
  expect(asked).toEqual([true, undefined]);
});

test("a refused ticket gets one more try with new tokens, then it stops", async () => {
  const asked = await connectNotingTokens();
  FakeSocket.last.drop(4500);
  await pass(500);
  expect(asked).toContain(true);
  FakeSocket.last.drop(4500);
  await pass(60_000);
  expect(FakeSocket.all).toHaveLength(2);
});

test("a ticket refused over REST is asked for again with new tokens", async () => {
  let refusals = 1;
  answers["auth/ticket"] = () =>
    refusals-- > 0
      ? { status: 401, body: { code: "token_expired", detail: "expired" } }
      : { body: { ticket: "t2", expires_in: 30 } };
  const asked = await connectNotingTokens();
  expect(asked).toEqual([undefined, true]);
  expect(FakeSocket.last.url).toContain("token=t2");
});

test("without a session the connection closes instead of trying for ever", async () => {
  answers["auth/ticket"] = () => ({ status: 401, body: { code: "unauthorized", detail: "no" } });
  await connectNotingTokens();
  await pass(60_000);
  expect(calls.filter((path) => path === "auth/ticket")).toHaveLength(2);
  expect(FakeSocket.all).toHaveLength(0);
});

test("an unreachable server is tried again", async () => {
  const tickets = answers["auth/ticket"];
  delete answers["auth/ticket"];
  await connectNotingTokens();
  expect(FakeSocket.all).toHaveLength(0);
  if (tickets) answers["auth/ticket"] = tickets;
  await pass(500);
  expect(FakeSocket.all).toHaveLength(1);
});

test("a ticket that arrives after close() opens nothing", async () => {
  const chat = createChatClient({
    url: "http://chat.test",
    auth: { getToken: () => Promise.resolve("access") },
  });
  chat.connect();
  chat.close();
  await pass(60_000);
  expect(FakeSocket.all).toHaveLength(0);
});

test("an expiring token is renewed on the open socket", async () => {
  await connected();
  FakeSocket.last.receive({ type: "token.expiring", expires_at: "2026-11-20T23:01:05Z" });
  await settle();
  expect(FakeSocket.last.commands("auth.refresh")).toMatchObject([{ token: "access" }]);
});

test("unknown events change nothing", async () => {
  const chat = await connected();
  FakeSocket.last.receive({ type: "party.started", room: "r1", balloons: 99 });
  expect(chat.connection.snapshot().state).toBe("connected");
});
