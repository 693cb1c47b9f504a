/** Days, groups and keys of the message list. */
import type { Message, PendingMessage, User } from "@hubbub/client";
import { expect, test } from "vitest";
import { toRows } from "../features/room/rows";
import { dayName } from "../features/room/times";
import { message } from "./fakeServer";

const bob: User = {
  id: "u-bob",
  username: "bob",
  display_name: "Bob",
  is_bot: false,
  avatar: null,
};
const alice: User = {
  id: "u-alice",
  username: "alice",
  display_name: "Alice",
  is_bot: false,
  avatar: null,
};

const at = (seq: number, time: string, fields: Partial<Message> = {}) =>
  message(seq, { created_at: new Date(time).toISOString(), ...fields }) as unknown as Message;

const kinds = (messages: Message[]) => toRows(messages, [], alice).map((row) => row.kind);
const grouped = (messages: Message[]) =>
  toRows(messages, [], alice).flatMap((row) => (row.kind === "message" ? [row.isGrouped] : []));

test("each day begins with a line", () => {
  const rows = [at(1, "2026-03-01T23:59"), at(2, "2026-03-02T00:01"), at(3, "2026-03-02T00:02")];
  expect(kinds(rows)).toEqual(["day", "message", "day", "message", "message"]);
});

test("messages by one author within five minutes belong together", () => {
  const rows = [
    at(1, "2026-03-01T12:00:00"),
    at(2, "2026-03-01T12:04:59"),
    at(3, "2026-03-01T12:09:59"),
    at(4, "2026-03-01T12:10:00", { sender: alice }),
  ];
  expect(grouped(rows)).toEqual([false, true, false, false]);
});

test("a notice or a new day breaks a group", () => {
  const rows = [
    at(1, "2026-03-01T12:00"),
    at(2, "2026-03-01T12:01", { kind: "system", event: { type: "room.created" } }),
    at(3, "2026-03-01T12:02"),
    at(4, "2026-03-01T23:59"),
    at(5, "2026-03-02T00:01"),
  ];
  expect(grouped(rows)).toEqual([false, false, false, false]);
});

test("a pending message keeps its key when it is confirmed", () => {
  const pending: PendingMessage = {
    clientId: "c-9",
    body: "hi",
    createdAt: new Date("2026-03-01T12:00").toISOString(),
    status: "sending",
    error: null,
    attachments: [],
  };
  const stored = at(9, "2026-03-01T12:00", { sender: alice, client_id: "c-9" });
  expect(toRows([], [pending], alice).at(-1)?.key).toBe("c-9");
  expect(toRows([stored], [], alice).at(-1)?.key).toBe("c-9");
});

test("a client_id that somebody copied gives no second row with the same key", () => {
  const mine = at(1, "2026-03-01T12:00", { sender: alice, client_id: "same" });
  const theirs = at(2, "2026-03-01T12:00", { sender: bob, client_id: "same" });
  const keys = toRows([mine, theirs], [], alice).map((row) => row.key);
  expect(new Set(keys).size).toBe(keys.length);
});

test("a clock that runs a day behind gives no second row with the same key", () => {
  const days = [at(1, "2026-03-01T12:00"), at(2, "2026-03-02T12:00"), at(3, "2026-03-01T12:00")];
  const keys = toRows(days, [], alice).map((row) => row.key);
  expect(new Set(keys).size).toBe(6);
});

test("today and yesterday have names of their own", () => {
  const today = new Date("2026-03-01T12:00");
  const name = (time: string) => dayName(new Date(time).toDateString(), today);
  expect(name("2026-03-01T01:00")).toBe("Today");
  expect(name("2026-02-28T23:00")).toBe("Yesterday");
  expect(name("2025-03-01T12:00")).toContain("2025");
});
