/** What the banner says, and when it says nothing. */
import { expect, test } from "vitest";
import { bannerText } from "../features/connection/bannerText";

const NOW = 1_000_000;
const waiting = { state: "waiting", retryAt: NOW + 4_200 } as const;

test("two seconds without a connection are not worth a word", () => {
  expect(bannerText(waiting, 1_999, NOW)).toBeNull();
  expect(bannerText(waiting, 2_000, NOW)?.text).toBe("Connecting…");
});

test("after eight seconds it counts down to the next attempt", () => {
  expect(bannerText(waiting, 8_000, NOW)).toEqual({ text: "Offline.", countdown: 5 });
  expect(bannerText(waiting, 8_000, NOW + 60_000)?.countdown).toBe(0);
  expect(bannerText({ state: "connecting" }, 8_000, NOW)?.countdown).toBeNull();
});

test("a connection that was ended for good says why, at once", () => {
  const closed = { state: "closed", code: 4504, reason: "too_many_connections" } as const;
  expect(bannerText(closed, 0, NOW)?.text).toBe("Disconnected: too many connections.");
});
