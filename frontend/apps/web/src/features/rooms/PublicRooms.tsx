/** The public rooms that I am not in. One rule: joining opens the room. */
import type { Room } from "@hubbub/client";
import { useCallback, useEffect } from "react";
import { useReadable } from "../../hooks/useReadable";
import { goTo, roomPath } from "../../hooks/useRoute";
import { useAction } from "../../hooks/useAction";
import { chat } from "../../session";
import { byName } from "./roomName";

export function PublicRooms({ mine }: { mine: readonly Room[] }) {
  const { rooms, refresh } = useDirectory();
  const joining = useAction();
  const others = rooms.filter((room) => mine.every(({ id }) => id !== room.id));

  const join = (id: string) =>
    joining.run(async () => {
      await chat.rooms.join(id);
      goTo(roomPath(id));
    });

  return (
    <section aria-labelledby="public-rooms">
      <div className="section-head">
        <h2 id="public-rooms">Public rooms</h2>
        <button className="small" onClick={refresh}>
          Refresh
        </button>
      </div>
      {others.length === 0 && <p className="quiet">There is no other public room.</p>}
      <ul className="directory">
        {others.toSorted(byName).map((room) => (
          <li key={room.id}>
            <div className="directory-text">
              <bdi>{room.name}</bdi>
              {room.topic && <small dir="auto">{room.topic}</small>}
            </div>
            <button
              className="small"
              aria-label={`Join ${room.name}`}
              disabled={joining.busy}
              onClick={() => join(room.id)}
            >
              Join
            </button>
          </li>
        ))}
      </ul>
      {joining.error && (
        <p className="error" role="alert">
          {joining.error.message}
        </p>
      )}
    </section>
  );
}

function useDirectory() {
  const rooms = useReadable(chat.directory.rooms) ?? [];
  const refresh = useCallback(() => {
    // Without an answer the list stays as it was; the banner says that the server is away.
    chat.directory.load().catch(() => undefined);
  }, []);
  useEffect(refresh, [refresh]);
  return { rooms, refresh };
}
