/** My rooms, by name. */
import type { Room } from "@hubbub/client";
import { roomPath } from "../../hooks/useRoute";
import { byName, roomName } from "./roomName";

interface RoomNavProps {
  rooms: readonly Room[];
  openId: string | null;
}

export function RoomNav({ rooms, openId }: RoomNavProps) {
  return (
    <nav aria-label="Rooms">
      <h2>Rooms</h2>
      {rooms.length === 0 && (
        <p className="quiet">You are in no room yet. Join one, or make one.</p>
      )}
      <ul className="rooms">
        {rooms.toSorted(byName).map((room) => (
          <li key={room.id}>
            <a href={roomPath(room.id)} aria-current={room.id === openId ? "page" : undefined}>
              <span className="hash" aria-hidden="true">
                #
              </span>
              <bdi>{roomName(room)}</bdi>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
