/** What I send: shown at once, stored once, in order. */
import { expect, test } from "vitest";
import type { LiveRoom } from "../room.js";
import {
  alice,
  connected,
  created,
  FakeSocket,
  message,
  pass,
  reconnect,
  useFakeServer,
} from "./fakes.js";

useFakeServer();

async function openRoom(): Promise<LiveRoom> {
  const room = (await connected()).room("r1");
  room.open();
  await FakeSocket.last.subscribed({});
  return room;
}

const sends = () => FakeSocket.last.commands("message.send");
const shown = (room: LiveRoom) => {
  const { messages, pending } = room.state.snapshot();
  return { messages: messages.map(({ body }) => body), pending: pending.map(({ body }) => body) };
};

/** The message as the server stored it. */
const stored = (seq: number, { clientId, body }: { clientId: string; body: string }) =>
  message(seq, { sender: alice, client_id: clientId, body });

test("what is sent is shown at once", async () => {
  const room = await openRoom();
  room.send("hi");
  expect(shown(room)).toEqual({ messages: [], pending: ["hi"] });
  expect(sends()).toMatchObject([{ room: "r1", body: "hi" }]);
});

test("reply, then event: one message", async () => {
  const room = await openRoom();
  const pending = room.send("hi");
  await FakeSocket.last.reply("message.send", { message: stored(1, pending), duplicate: false });
  expect(shown(room)).toEqual({ messages: ["hi"], pending: [] });
  FakeSocket.last.receive(created(1, stored(1, pending)));
  expect(shown(room)).toEqual({ messages: ["hi"], pending: [] });
});

test("event, then reply: one message", async () => {
  const room = await openRoom();
  const pending = room.send("hi");
  FakeSocket.last.receive(created(1, stored(1, pending)));
  expect(shown(room)).toEqual({ messages: ["hi"], pending: [] });
  await FakeSocket.last.reply("message.send", { message: stored(1, pending), duplicate: false });
  expect(shown(room)).toEqual({ messages: ["hi"], pending: [] });
});

test("somebody else's message with the same client_id confirms nothing", async () => {
  const room = await openRoom();
  const { clientId } = room.send("mine");
  FakeSocket.last.receive(created(1, { client_id: clientId, body: "theirs" }));
  expect(shown(room)).toEqual({ messages: ["theirs"], pending: ["mine"] });
});

test("one message is in flight at a time, in order", async () => {
  const room = await openRoom();
  const first = room.send("one");
  room.send("two");
  expect(sends()).toHaveLength(1);
  await FakeSocket.last.reply("message.send", { message: stored(1, first) });
  expect(sends().map((command) => command["body"])).toEqual(["one", "two"]);
});

test("after a reconnection the same client_id is sent again, once the room is subscribed", async () => {
  const room = await openRoom();
  const { clientId } = room.send("hi");
  await reconnect();
  expect(sends()).toHaveLength(0);
  await FakeSocket.last.subscribed({ recovered: true });
  expect(sends()).toMatchObject([{ client_id: clientId, body: "hi" }]);
});

test("what the resubscribe already shows is not sent again", async () => {
  const room = await openRoom();
  const pending = room.send("hi");
  await reconnect();
  const messages = [stored(1, pending)];
  await FakeSocket.last.subscribed({ recovered: true, head_seq: 1, messages });
  expect(sends()).toHaveLength(0);
  expect(shown(room)).toEqual({ messages: ["hi"], pending: [] });
});

test("after a timeout the same client_id is sent again", async () => {
  const room = await openRoom();
  const { clientId } = room.send("hi");
  await pass(8_000 + 500);
  expect(sends().map((command) => command["client_id"])).toEqual([clientId, clientId]);
});

test("rate_limited waits as long as the server says", async () => {
  const room = await openRoom();
  room.send("hi");
  await FakeSocket.last.refuse("message.send", {
    code: "rate_limited",
    detail: "",
    retry_after: 3,
  });
  await pass(2_999);
  expect(sends()).toHaveLength(1);
  await pass(1);
  expect(sends()).toHaveLength(2);
  expect(room.state.snapshot().pending[0]?.status).toBe("sending");
});

test.each(["too_long", "forbidden", "muted", "invalid", "conflict", "room_not_found"])(
  "%s fails, and the next message goes on",
  async (code) => {
    const room = await openRoom();
    room.send("bad");
    room.send("good");
    await FakeSocket.last.refuse("message.send", { code, detail: "because" });
    expect(room.state.snapshot().pending[0]).toMatchObject({ status: "failed", error: { code } });
    expect(sends().at(-1)).toMatchObject({ body: "good" });
  },
);

test("a failed message can be retried or discarded", async () => {
  const room = await openRoom();
  const { clientId } = room.send("hi");
  await FakeSocket.last.refuse("message.send", { code: "muted", detail: "later" });
  room.retry(clientId);
  expect(sends()).toMatchObject([{ client_id: clientId }, { client_id: clientId }]);
  await FakeSocket.last.refuse("message.send", { code: "muted", detail: "later" });
  room.discard(clientId);
  expect(shown(room).pending).toEqual([]);
});

test("what is sent while offline waits for the connection", async () => {
  const room = await openRoom();
  FakeSocket.last.drop(1006);
  room.send("later");
  expect(shown(room).pending).toEqual(["later"]);
  await pass(500);
  FakeSocket.last.hello();
  await FakeSocket.last.subscribed({ recovered: true });
  expect(sends()).toMatchObject([{ body: "later" }]);
});

test("a private message leaves the room as it was", async () => {
  const room = await openRoom();
  const { clientId } = room.send("/pm bob hi");
  const sent = message(4, { room: "d1", sender: alice, client_id: clientId, body: "hi" });
  await FakeSocket.last.reply("message.send", { room: { id: "d1" }, message: sent });
  expect(shown(room)).toEqual({ messages: [], pending: [] });
});
