/** System messages, each as a quiet line. */
import type { Message, SystemEvent } from "@hubbub/client";
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { Notice } from "../features/room/Notice";
import { message } from "./fakeServer";

afterEach(cleanup);

const shown = (event: SystemEvent) =>
  render(<Notice message={message(1, { kind: "system", body: "", event }) as unknown as Message} />)
    .container.textContent;

test("a notice says who did it and what they did", () => {
  expect(shown({ type: "room.avatar_changed", avatar: null })).toBe(
    "Bob changed the room's picture or color",
  );
});

test("a room that wants no notices of joining and leaving shows none", () => {
  expect(shown({ type: "member.left", user: "u-bob", quiet: true })).toBe("");
  expect(shown({ type: "member.left", user: "u-bob" })).toBe("Bob left the room");
});

test("a type that only a newer server knows is shown without its details", () => {
  expect(shown({ type: "room.painted" } as unknown as SystemEvent)).toBe("The room was changed");
});
