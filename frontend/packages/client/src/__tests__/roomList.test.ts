/** My rooms, by REST and by event. */
import { expect, test } from "vitest";
import { MAX_UNREAD } from "../types.js";
import {
  answers,
  connected,
  created,
  FakeSocket,
  reconnect,
  settle,
  useFakeServer,
} from "./fakes.js";

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

test("a link lets me in, and its room is in my list", async () => {
  const chat = await connected();
  answers["rooms/r1/invitations"] = (body) => ({ status: 201, body: { code: "c/1", asked: body } });
  const made = await chat.rooms.invite("r1", { max_uses: 1 });
  expect(made).toEqual({ code: "c/1", asked: { max_uses: 1 } });
  answers["invitations/c%2F1/accept"] = () => ({ body: room("r1") });
  await chat.rooms.acceptLink("c/1");
  expect(chat.rooms.mine.snapshot()).toMatchObject([{ id: "r1" }]);
});

test("an invitation of mine is accepted by its id", async () => {
  const chat = await connected();
  answers["me/invitations/i1/accept"] = () => ({ body: room("r2") });
  expect(await chat.rooms.acceptInvitation("i1")).toMatchObject({ id: "r2" });
  expect(chat.rooms.mine.snapshot()).toMatchObject([{ id: "r2" }]);
});

test("a room of mine that has changed keeps its counts", async () => {
  const read = { read_seq: 1, unread: 2, mentions: 0 };
  const chat = await connected();
  answers["rooms"] = () => ({ body: { rooms: [{ ...room("r1"), read }] } });
  await reconnect();
  const changed = { ...room("r1"), notify: "none", read: null };
  FakeSocket.last.receive({ type: "room.added", room: changed });
  expect(chat.rooms.mine.snapshot()).toMatchObject([{ id: "r1", notify: "none", read }]);
});

test("counting stops where the server's does", async () => {
  const read = { read_seq: 1, unread: MAX_UNREAD - 1, mentions: 0 };
  const chat = await connected();
  const mine = { ...room("r1"), head_seq: 1001, read };
  FakeSocket.last.receive({ type: "room.added", room: mine });
  chat.room("r1").open();
  await FakeSocket.last.subscribed({ head_seq: 1001 });
  for (const seq of [1002, 1003]) FakeSocket.last.receive(created(seq));
  const counted = { head_seq: 1003, read: { unread: MAX_UNREAD } };
  expect(chat.rooms.mine.snapshot()).toMatchObject([counted]);
});
