/** Which room the address names. One rule: the hash is the only place that knows what is open. */
import { useSyncExternalStore } from "react";

const ROOM = "#/rooms/";

export const listPath = "#/";

export function roomPath(id: string): string {
  return ROOM + encodeURIComponent(id);
}

export function goTo(path: string): void {
  location.hash = path;
}

/** The id of the open room, or null on the list. */
export function useRoomId(): string | null {
  const hash = useSyncExternalStore(watch, () => location.hash);
  return hash.startsWith(ROOM) ? decodeURIComponent(hash.slice(ROOM.length)) : null;
}

export interface Mailed {
  purpose: "reset" | "email";
  token: string;
}

/** What a mailed link carries, or null. Behind the #, so that no server's log has it. */
export function useMailed(): Mailed | null {
  const hash = useSyncExternalStore(watch, () => location.hash);
  const found = /^#(reset|email)=(.+)$/.exec(hash);
  return found ? { purpose: found[1] as Mailed["purpose"], token: found[2] ?? "" } : null;
}

function watch(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}
