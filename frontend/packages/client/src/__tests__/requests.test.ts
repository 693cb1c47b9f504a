/** Every request ends, one way or another. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Requests, TIMEOUT_MS } from "../requests.js";
import type { Command } from "../frames.js";

let sent: Command[];
let requests: Requests;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  requests = new Requests((command) => sent.push(command));
});
afterEach(() => void vi.useRealTimers());

test("each reply goes to the request with its ref", async () => {
  const first = requests.request({ type: "one" });
  const second = requests.request({ type: "two" });
  requests.settle({ type: "reply", ref: 2, answer: "b" });
  requests.settle({ type: "reply", ref: 1, answer: "a" });
  expect(sent.map((command) => command["ref"])).toEqual([1, 2]);
  expect(await first).toMatchObject({ answer: "a" });
  expect(await second).toMatchObject({ answer: "b" });
});

test("an error reply rejects with its code and its pause", async () => {
  const request = requests.request({ type: "one" });
  requests.settle({ type: "error", ref: 1, code: "rate_limited", detail: "slow", retry_after: 2 });
  await expect(request).rejects.toMatchObject({ code: "rate_limited", retryAfter: 2 });
});

test("silence becomes a timeout", async () => {
  const outcome = expect(requests.request({ type: "one" })).rejects.toMatchObject({
    code: "timeout",
  });
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  await outcome;
});

test("a reply in the last moment stops the clock", async () => {
  const request = requests.request({ type: "one" });
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1);
  requests.settle({ type: "reply", ref: 1 });
  expect(await request).toMatchObject({ type: "reply" });
  expect(vi.getTimerCount()).toBe(0);
});

test("losing the connection fails everything that waits", async () => {
  const lost = { code: "disconnected" };
  const outcomes = [
    expect(requests.request({ type: "a" })).rejects.toMatchObject(lost),
    expect(requests.request({ type: "b" })).rejects.toMatchObject(lost),
  ];
  requests.failAll();
  await Promise.all(outcomes);
  expect(vi.getTimerCount()).toBe(0);
});

test("replies and errors that nobody waits for are ignored", () => {
  requests.settle({ type: "reply", ref: 77 });
  requests.settle({ type: "error", ref: null, code: "bad_frame", detail: "what?" });
  expect(vi.getTimerCount()).toBe(0);
});
