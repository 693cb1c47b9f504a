/** What a room is called on the page. */
import type { Room } from "@hubbub/client";

export function roomName(room: Room): string {
  return room.name || "Direct message";
}

export function byName(a: Room, b: Room): number {
  return roomName(a).localeCompare(roomName(b));
}
