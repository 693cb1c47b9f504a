/** How long to wait, and for what. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { backoff, delayAfter, persist } from "../backoff.js";
import { ChatError } from "../errors.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("the range doubles from half a second up to twenty", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 50].map((attempt) => backoff(attempt, () => 1));
  expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16000, 20000, 20000]);
});

test("the wait is spread over the whole range", () => {
  expect(backoff(3, () => 0)).toBe(0);
  expect(backoff(3, () => 0.25)).toBe(1000);
});

test("the server's own wish wins", () => {
  expect(delayAfter(new ChatError("rate_limited", "", { retryAfter: 0.8 }), 9)).toBe(800);
});

test("what fails for a passing reason is repeated, anything else is not", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const action = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new ChatError("unavailable", ""))
    .mockRejectedValueOnce(new ChatError("forbidden", "no"));
  const outcome = expect(persist(action)).rejects.toThrow("no");
  await vi.advanceTimersByTimeAsync(499);
  expect(action).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  await outcome;
  expect(action).toHaveBeenCalledTimes(2);
});
