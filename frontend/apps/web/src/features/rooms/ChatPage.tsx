/** The rooms beside the open room; on a phone, one of the two. */
import { useReadable } from "../../hooks/useReadable";
import { listPath, useRoomId } from "../../hooks/useRoute";
import { chat } from "../../session";
import { ConnectionBanner } from "../connection/ConnectionBanner";
import { RoomPage } from "../room/RoomPage";
import { Sidebar } from "./Sidebar";

export function ChatPage() {
  const roomId = useRoomId();
  return (
    <div className="page">
      <ConnectionBanner />
      <div className="panes" data-open={roomId === null ? "list" : "room"}>
        <Sidebar openId={roomId} />
        <main className="pane-room">
          {roomId === null ? (
            <Nothing text="Choose a room to start talking." />
          ) : (
            <Open id={roomId} />
          )}
        </main>
      </div>
    </div>
  );
}

function Open({ id }: { id: string }) {
  const mine = useReadable(chat.rooms.mine);
  const room = mine?.find((candidate) => candidate.id === id);
  if (room) return <RoomPage key={id} room={room} />;
  return <Nothing text={mine ? "You are not in this room." : "Loading…"} />;
}

function Nothing({ text }: { text: string }) {
  return (
    <div className="nothing">
      <p>{text}</p>
      <a className="back" href={listPath}>
        Back to rooms
      </a>
    </div>
  );
}
