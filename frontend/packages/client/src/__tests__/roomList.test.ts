/** My rooms, by REST and by event. */
import { expect, test } from "vitest";
import { answers, connected, FakeSocket, reconnect, settle, useFakeServer } from "./fakes.js";

useFakeServer();

const room = (id: string) => ({ id, name: id, kind: "public", role: "member" });

test("my rooms are loaded after every hello", async () => {
  const chat = await connected();
  expect(chat.rooms.mine.snapshot()).toEqual([]);
  answers["rooms"] = () => ({ body: { rooms: [room("r1")] } });
  await reconnect();
  expect(chat.rooms.mine.snapshot()).toMatchObject([{ id: "r1" }]);
});

test("a room that I join here and hear of by event is listed once", async () => {
  const chat = await connected();
  answers["rooms/r1/join"] = () => ({ body: room("r1") });
  await chat.rooms.join("r1");
  FakeSocket.last.receive({ type: "room.added", room: room("r1") });
  expect(chat.rooms.mine.snapshot()).toHaveLength(1);
});

test("a room that I am removed from leaves the list and shows no messages", async () => {
  const chat = await connected();
  FakeSocket.last.receive({ type: "room.added", room: room("r1") });
  chat.room("r1").open();
  await FakeSocket.last.subscribed({});
  FakeSocket.last.receive({ type: "room.removed", room: "r1" });
  expect(chat.rooms.mine.snapshot()).toEqual([]);
  expect(chat.room("r1").state.snapshot().status).toBe("failed");
});

test("an answer that comes after the removal does not bring the room back", async () => {
  const chat = await connected();
  chat.room("r1").open();
  FakeSocket.last.receive({ type: "room.removed", room: "r1" });
  await FakeSocket.last.subscribed({});
  expect(chat.room("r1").state.snapshot().status).toBe("failed");
});

test("closing forgets everything of this person", async () => {
  const chat = await connected();
  const before = chat.room("r1");
  chat.close();
  await settle();
  expect(chat.me.snapshot()).toBeNull();
  expect(chat.rooms.mine.snapshot()).toBeNull();
  expect(chat.room("r1")).not.toBe(before);
});
