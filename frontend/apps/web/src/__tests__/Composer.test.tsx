/** The box to write in, key by key. */
import type { LiveRoom } from "@hubbub/client";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Composer } from "../features/room/Composer";

const send = vi.fn();
const live = { id: "r1", send } as unknown as LiveRoom;

beforeEach(() => {
  send.mockClear();
  render(<Composer name="general" live={live} />);
});
afterEach(() => {
  write("");
  cleanup();
});

const box = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message #general" });
const write = (value: string) => fireEvent.change(box(), { target: { value } });
const press = (init: KeyboardEventInit) => fireEvent.keyDown(box(), { key: "Enter", ...init });

test("Enter sends and empties the box", () => {
  write("hello\nworld");
  press({});
  expect(send.mock.calls).toEqual([["hello\nworld"]]);
  expect(box().value).toBe("");
});

test.each([{ shiftKey: true }, { isComposing: true }, { keyCode: 229 }, { key: "a" }])(
  "%j sends nothing",
  (init) => {
    write("hello");
    press(init);
    expect(send).not.toHaveBeenCalled();
    expect(box().value).toBe("hello");
  },
);

test("blank text is not sent", () => {
  write("  \n ");
  press({});
  expect(send).not.toHaveBeenCalled();
});

test("a draft survives leaving the room", () => {
  write("unfinished");
  cleanup();
  render(<Composer name="general" live={live} />);
  expect(box().value).toBe("unfinished");
});
