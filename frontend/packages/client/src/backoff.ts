/**
 * How long to wait before trying again. One rule: waits are spread at random over their whole range
 * ("full jitter"), so that clients that lost the server together do not come back together.
 */
import { ChatError, isTransient } from "./errors.js";

const FIRST_MS = 500;
const LONGEST_MS = 20_000;

/** The wait before attempt 0, 1, 2 …, in milliseconds. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
}

/** The same, unless the error says how long. */
export function delayAfter(error: unknown, attempt: number): number {
  const seconds = error instanceof ChatError ? error.retryAfter : undefined;
  return seconds === undefined ? backoff(attempt) : seconds * 1000;
}

/** Repeats what failed for a passing reason until it succeeds or fails for good. */
export async function persist<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (!isTransient(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayAfter(error, attempt)));
    }
  }
}
