/** Whom I blocked, and what of theirs is hidden. */
import { expect, test } from "vitest";
import type { LiveRoom } from "../room.js";
import {
  alice,
  answers,
  bob,
  calls,
  connected,
  created,
  FakeSocket,
  message,
  reconnect,
  settle,
  useFakeServer,
} from "./fakes.js";

useFakeServer();

const hidden = (room: LiveRoom) => room.state.snapshot().messages.map((one) => one.hidden);
const told = (blocked: string[]) => FakeSocket.last.receive({ type: "blocks.changed", blocked });

/** 1 is bob's, 2 says that he left, 3 is alice's. */
async function openRoom() {
  const left = { kind: "system", event: { type: "member.left", user: bob.id } } as const;
  answers["rooms/r1/messages"] = () => ({
    body: {
      messages: [message(1), message(2, left), message(3, { sender: alice })],
      has_before: false,
      has_after: false,
    },
  });
  const chat = await connected();
  const room = chat.room("r1");
  room.open();
  await FakeSocket.last.subscribed({ head_seq: 3 });
  return { chat, room };
}

test("nothing is hidden while nobody is blocked", async () => {
  const { room } = await openRoom();
  expect(hidden(room)).toEqual([false, false, false]);
});

test("what the blocked wrote is hidden, and what happened to the room is not", async () => {
  answers["me/blocks"] = () => ({ body: { blocked: [bob] } });
  const { chat, room } = await openRoom();
  expect([...chat.blocks.ids.snapshot()]).toEqual([bob.id]);
  expect(hidden(room)).toEqual([true, false, false]);
  FakeSocket.last.receive(created(4));
  FakeSocket.last.receive(created(5, { sender: alice }));
  FakeSocket.last.receive(created(6, { sender: null }));
  expect(hidden(room)).toEqual([true, false, false, true, false, false]);
});

test("a change hides and shows at once, also what was there before", async () => {
  const { room } = await openRoom();
  let published = 0;
  room.state.subscribe(() => (published += 1));
  told([bob.id]);
  expect(hidden(room)).toEqual([true, false, false]);
  const alices = room.state.snapshot().messages[2];
  told([]);
  // What is shown as before need not be drawn again.
  expect(room.state.snapshot().messages[2]).toBe(alices);
  expect(hidden(room)).toEqual([false, false, false]);
  expect(published).toBe(2);
});

test("the list is loaded again after every hello", async () => {
  const { room } = await openRoom();
  answers["me/blocks"] = () => ({ body: { blocked: [bob] } });
  await reconnect();
  expect(hidden(room)[0]).toBe(true);
});

test("an answer that is older than the event is dropped", async () => {
  const { room } = await openRoom();
  let answer: (value: { body: unknown }) => void = () => undefined;
  answers["me/blocks"] = () => new Promise((resolve) => (answer = resolve));
  await reconnect();
  told([bob.id]);
  answer({ body: { blocked: [] } });
  await settle();
  expect(hidden(room)[0]).toBe(true);
});

test("blocking and unblocking go over REST", async () => {
  const { chat } = await openRoom();
  answers["me/blocks/u-bob"] = () => ({ status: 204 });
  await chat.blocks.add(bob.id);
  await chat.blocks.remove(bob.id);
  expect(calls.filter((call) => call === "me/blocks/u-bob")).toHaveLength(2);
  answers["me/blocks/u-me"] = () => ({ status: 400, body: { code: "invalid", detail: "You." } });
  await expect(chat.blocks.add("u-me")).rejects.toMatchObject({ code: "invalid" });
});

test("closing forgets whom I blocked", async () => {
  answers["me/blocks"] = () => ({ body: { blocked: [bob] } });
  const { chat } = await openRoom();
  chat.close();
  expect(chat.blocks.ids.snapshot().size).toBe(0);
});
