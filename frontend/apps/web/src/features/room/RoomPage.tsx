/** The open room: its name, its messages, the box to write in. */
import type { LiveRoom, Room } from "@hubbub/client";
import { useEffect } from "react";
import { useAction } from "../../hooks/useAction";
import { useReadable } from "../../hooks/useReadable";
import { goTo, listPath } from "../../hooks/useRoute";
import { chat } from "../../session";
import { roomName } from "../rooms/roomName";
import { Composer } from "./Composer";
import { MessageList } from "./MessageList";

export function RoomPage({ room }: { room: Room }) {
  const live = chat.room(room.id);
  useEffect(() => live.open(), [live]);
  return (
    <>
      <RoomHead room={room} />
      <Messages live={live} />
      <Composer name={roomName(room)} live={live} />
    </>
  );
}

function Messages({ live }: { live: LiveRoom }) {
  const state = useReadable(live.state);
  if (state.status === "ready") return <MessageList live={live} state={state} />;
  if (state.status === "loading") return <div className="nothing">Loading messages…</div>;
  return (
    <div className="nothing" role="alert">
      <p>{state.error?.message}</p>
      <button onClick={() => live.reload()}>Try again</button>
    </div>
  );
}

function RoomHead({ room }: { room: Room }) {
  const leaving = useAction();
  const leave = () =>
    leaving.run(async () => {
      await chat.rooms.leave(room.id);
      goTo(listPath);
    });
  return (
    <header className="room-head">
      <a className="back" href={listPath} aria-label="Back to rooms">
        ←
      </a>
      <div className="room-title">
        <h1>
          <span className="hash" aria-hidden="true">
            #
          </span>
          <bdi>{roomName(room)}</bdi>
        </h1>
        {room.topic && <p dir="auto">{room.topic}</p>}
      </div>
      {leaving.error && (
        <p className="error" role="alert">
          {leaving.error.message}
        </p>
      )}
      <button className="small" disabled={leaving.busy} onClick={leave}>
        Leave
      </button>
    </header>
  );
}
