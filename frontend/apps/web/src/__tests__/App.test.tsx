/** The whole page in React's strict mode, which mounts everything twice, against a fake server. */
import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answers, FakeSocket, installFakeServer, message } from "./fakeServer";

beforeEach(async () => {
  vi.resetModules();
  localStorage.clear();
  location.hash = "";
  FakeSocket.all = [];
  installFakeServer();
  const { startSession } = await import("../session");
  const { App } = await import("../App");
  startSession();
  render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function openGeneral(): Promise<FakeSocket> {
  fireEvent.change(screen.getByLabelText("Username"), { target: { value: "alice" } });
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "secret" } });
  fireEvent.click(screen.getByRole("button", { name: "Log in" }));
  const nav = await screen.findByRole("navigation", { name: "Rooms" });
  fireEvent.click(within(nav).getByRole("link", { name: "general" }));
  await screen.findByRole("list", { name: "Messages" });
  const [socket] = FakeSocket.all;
  if (!socket) throw new Error("No socket was opened.");
  return socket;
}

function write(text: string): void {
  const box = screen.getByRole("textbox", { name: "Message #general" });
  fireEvent.change(box, { target: { value: text } });
  fireEvent.keyDown(box, { key: "Enter" });
}

test("strict mode opens one socket, follows my rooms once and opens the room once", async () => {
  const socket = await openGeneral();
  expect(FakeSocket.all).toHaveLength(1);
  expect(socket.sent.filter(({ type }) => type === "subscribe")).toHaveLength(2);
});

test("a message from somebody else appears with name and time", async () => {
  const socket = await openGeneral();
  act(() =>
    socket.receive({
      type: "message.created",
      room: "r1",
      seq: 1,
      message: message(1, { body: "hello" }),
    }),
  );
  const list = screen.getByRole("list", { name: "Messages" });
  expect(within(list).getByText("hello")).toBeTruthy();
  expect(within(list).getByText("Bob")).toBeTruthy();
  expect(list.querySelector("time")?.dateTime).toBe("2026-01-01T12:00:00Z");
});

test("an action is shown as what its author does", async () => {
  const socket = await openGeneral();
  const action = message(1, { body: "/me waves", is_action: true });
  act(() => socket.receive({ type: "message.created", room: "r1", seq: 1, message: action }));
  expect(screen.getByText("* Bob waves")).toBeTruthy();
});

test("what I send is confirmed in place, in the same element", async () => {
  const socket = await openGeneral();
  write("hi there");
  const row = screen.getByText("hi there").closest("li");
  expect(row?.dataset["status"]).toBe("sending");
  const { client_id } = socket.sent.at(-1) as { client_id: string };
  const sender = {
    id: "u-alice",
    username: "alice",
    display_name: "Alice",
    is_bot: false,
    avatar: null,
  };
  const stored = message(1, { sender, client_id, body: "hi there" });
  act(() => socket.receive({ type: "message.created", room: "r1", seq: 1, message: stored }));
  expect(screen.getByText("hi there").closest("li")).toBe(row);
  expect(row?.dataset["status"]).toBe("sent");
});

test("a refused message says why and can be discarded", async () => {
  const socket = await openGeneral();
  write("too much");
  const ref = socket.sent.at(-1)?.["ref"];
  act(() => socket.receive({ type: "error", ref, code: "muted", detail: "You are muted." }));
  expect(await screen.findByText("Not sent. You are muted.")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Discard" }));
  expect(screen.queryByText("too much")).toBeNull();
});

test("logging out closes the socket, drops the tokens and shows the login form", async () => {
  const socket = await openGeneral();
  fireEvent.click(screen.getByRole("button", { name: "Log out" }));
  expect(await screen.findByLabelText("Username")).toBeTruthy();
  expect(localStorage).toHaveLength(0);
  expect(socket.isClosed).toBe(true);
});

test("a forgotten password is asked for, and the mailed link sets a new one", async () => {
  answers["auth/password-reset"] = null;
  answers["auth/password-reset/confirm"] = null;
  fireEvent.click(screen.getByRole("button", { name: "Forgot your password?" }));
  fireEvent.change(screen.getByLabelText("E-mail"), { target: { value: "a@example.org" } });
  fireEvent.click(screen.getByRole("button", { name: "Send me a link" }));
  expect((await screen.findByRole("status")).textContent).toContain("on its way");
  act(() => {
    location.hash = "#reset=token";
    window.dispatchEvent(new Event("hashchange"));
  });
  fireEvent.change(await screen.findByLabelText("New password"), { target: { value: "new" } });
  fireEvent.click(screen.getByRole("button", { name: "Set password" }));
  expect((await screen.findByRole("status")).textContent).toContain("Your password is set");
});
