/**
 * What to say about a missing connection. One rule: a short interruption is not worth a word, and a
 * long one is described the same way until it is over.
 */
import type { ConnectionState } from "@hubbub/client";

const SILENT_MS = 2_000;
const OFFLINE_MS = 8_000;

export interface Banner {
  text: string;
  /** Seconds until the next attempt. */
  countdown: number | null;
}

export function bannerText(
  connection: ConnectionState,
  downForMs: number,
  now: number,
): Banner | null {
  if (connection.state === "closed") {
    return { text: `Disconnected: ${connection.reason.replaceAll("_", " ")}.`, countdown: null };
  }
  if (downForMs < SILENT_MS) return null;
  if (downForMs < OFFLINE_MS) return { text: "Connecting…", countdown: null };
  if (connection.state !== "waiting") return { text: "Offline. Trying again…", countdown: null };
  const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
  return { text: "Offline.", countdown: seconds };
}
