/** A room through gaps, reconnections and resets: nothing lost, nothing twice. */
import { expect, test } from "vitest";
import type { LiveRoom } from "../room.js";
import {
  answers,
  calls,
  connected,
  created,
  FakeSocket,
  message,
  pass,
  reconnect,
  settle,
  useFakeServer,
} from "./fakes.js";

useFakeServer();

const bodies = (room: LiveRoom) => room.state.snapshot().messages.map(({ body }) => body);
const lastSubscribe = () => FakeSocket.last.commands("subscribe").at(-1)?.["rooms"];

/** A room whose history is 9 and 10, standing at 10. */
async function openRoom(): Promise<LiveRoom> {
  answers["rooms/r1/messages"] = () => ({
    body: { messages: [message(9), message(10)], has_before: true, has_after: false },
  });
  const room = (await connected()).room("r1");
  room.open();
  await FakeSocket.last.subscribed({ head_seq: 10 });
  return room;
}

test("the first subscribe names no position, and then history is read", async () => {
  const room = await openRoom();
  expect(lastSubscribe()).toEqual([{ room: "r1" }]);
  expect(room.state.snapshot()).toMatchObject({ status: "ready", hasOlder: true });
  expect(bodies(room)).toEqual(["message 9", "message 10"]);
});

test("live events are applied in order, and old ones ignored", async () => {
  const room = await openRoom();
  FakeSocket.last.receive(created(11));
  FakeSocket.last.receive(created(11, { body: "echo", rev: 99 }));
  FakeSocket.last.receive(created(12));
  expect(bodies(room)).toEqual(["message 9", "message 10", "message 11", "message 12"]);
});

test("after a reconnection every open room is subscribed from where it stands", async () => {
  await openRoom();
  FakeSocket.last.receive(created(11));
  await reconnect();
  expect(lastSubscribe()).toEqual([{ room: "r1", after: 11, epoch: "e1" }]);
});

test("recovered: true brings what changed, and only later revisions replace", async () => {
  const room = await openRoom();
  await reconnect();
  await FakeSocket.last.subscribed({
    recovered: true,
    head_seq: 13,
    messages: [
      message(11),
      message(9, { rev: 12, body: "edited" }),
      message(10, { rev: 5, body: "stale" }),
    ],
  });
  expect(bodies(room)).toEqual(["edited", "message 10", "message 11"]);
  FakeSocket.last.receive(created(14));
  expect(bodies(room)).toHaveLength(4);
});

test("recovered: false drops the room and reads history again", async () => {
  const room = await openRoom();
  await reconnect();
  answers["rooms/r1/messages"] = () => ({
    body: { messages: [message(2, { body: "new age" })], has_before: false, has_after: false },
  });
  await FakeSocket.last.subscribed({ recovered: false, head_seq: 2, epoch: "e2" });
  expect(bodies(room)).toEqual(["new age"]);
  await reconnect();
  expect(lastSubscribe()).toEqual([{ room: "r1", after: 2, epoch: "e2" }]);
});

test("a page asked for before the reset is not shown after it", async () => {
  const room = await openRoom();
  let answerOld: (answer: { body: unknown }) => void = () => undefined;
  answers["rooms/r1/messages"] = () => new Promise((resolve) => (answerOld = resolve));
  void room.loadOlder();
  await settle();
  await reconnect();
  answers["rooms/r1/messages"] = () => ({
    body: { messages: [], has_before: false, has_after: false },
  });
  await FakeSocket.last.subscribed({ recovered: false, head_seq: 0, epoch: "e2" });
  answerOld({ body: { messages: [message(1)], has_before: false, has_after: false } });
  await settle();
  expect(bodies(room)).toEqual([]);
});

test("an event that comes too early waits for the one before it", async () => {
  const room = await openRoom();
  FakeSocket.last.receive(created(12));
  expect(bodies(room)).toHaveLength(2);
  FakeSocket.last.receive(created(11));
  expect(bodies(room)).toEqual(["message 9", "message 10", "message 11", "message 12"]);
  await pass(10_000);
  expect(FakeSocket.last.commands("subscribe")).toHaveLength(1);
});

test("a gap that stays open for two seconds is asked for", async () => {
  const room = await openRoom();
  FakeSocket.last.receive(created(12));
  await pass(1_999);
  expect(FakeSocket.last.commands("subscribe")).toHaveLength(1);
  await pass(1);
  expect(lastSubscribe()).toEqual([{ room: "r1", after: 10, epoch: "e1" }]);
  await FakeSocket.last.subscribed({ recovered: true, head_seq: 11, messages: [message(11)] });
  expect(bodies(room)).toEqual(["message 9", "message 10", "message 11", "message 12"]);
});

test("room.changes closes a gap when it begins where we stand", async () => {
  const room = await openRoom();
  const changes = (after: number, seq: number) => ({
    type: "room.changes",
    room: "r1",
    after,
    seq,
    messages: [message(seq)],
  });
  FakeSocket.last.receive(changes(11, 13));
  expect(bodies(room)).toHaveLength(2);
  FakeSocket.last.receive(changes(8, 11));
  expect(bodies(room)).toEqual(["message 9", "message 10", "message 11", "message 13"]);
});

test("room.reset subscribes anew, without a position", async () => {
  await openRoom();
  FakeSocket.last.receive({ type: "room.reset", room: "r1" });
  expect(lastSubscribe()).toEqual([{ room: "r1" }]);
});

test("a change of an older message waits for the page around it", async () => {
  const room = await openRoom();
  const edited = message(3, { rev: 11, body: "edited" });
  FakeSocket.last.receive({ type: "message.updated", room: "r1", seq: 11, message: edited });
  expect(bodies(room)).toEqual(["message 9", "message 10"]);
  answers["rooms/r1/messages"] = () => ({
    body: { messages: [message(3), message(4)], has_before: false, has_after: true },
  });
  await room.loadOlder();
  expect(calls.at(-1)).toBe("rooms/r1/messages?limit=50&before=9");
  expect(bodies(room)).toEqual(["edited", "message 4", "message 9", "message 10"]);
  expect(room.state.snapshot().hasOlder).toBe(false);
});

test("a subscribe that got no answer is repeated", async () => {
  (await connected()).room("r1").open();
  await pass(8_000 + 500);
  expect(FakeSocket.last.commands("subscribe")).toHaveLength(2);
});

test("a room we may not see says so, and can be tried again", async () => {
  const room = (await connected()).room("r1");
  room.open();
  await FakeSocket.last.reply("subscribe", {
    rooms: [{ room: "r1", error: { code: "room_not_found", detail: "no such room" } }],
  });
  expect(room.state.snapshot()).toMatchObject({
    status: "failed",
    error: { code: "room_not_found" },
  });
  room.reload();
  await FakeSocket.last.subscribed({});
  expect(room.state.snapshot().status).toBe("ready");
});

test("losing history on the way is shown, and the next subscribe reads it again", async () => {
  const good = answers["rooms/r1/messages"];
  delete answers["rooms/r1/messages"];
  const room = (await connected()).room("r1");
  room.open();
  await FakeSocket.last.subscribed({});
  expect(room.state.snapshot()).toMatchObject({ status: "failed", error: { code: "unavailable" } });
  if (good) answers["rooms/r1/messages"] = good;
  await reconnect();
  await FakeSocket.last.subscribed({ recovered: true });
  expect(room.state.snapshot()).toMatchObject({ status: "ready", error: null });
});
