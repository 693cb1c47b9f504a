/** Who I am, my rooms, the rooms I could join, and a new one. */
import type { Room } from "@hubbub/client";
import { useReadable } from "../../hooks/useReadable";
import { auth, chat } from "../../session";
import { CreateRoom } from "./CreateRoom";
import { PublicRooms } from "./PublicRooms";
import { RoomNav } from "./RoomNav";

export function Sidebar({ openId }: { openId: string | null }) {
  const me = useReadable(chat.me);
  const mine = useReadable(chat.rooms.mine);
  return (
    <div className="sidebar">
      <header className="sidebar-head">
        <p className="brand">Hubbub</p>
        {me && <bdi className="me">{me.display_name}</bdi>}
        <button className="small" onClick={() => void auth.logout()}>
          Log out
        </button>
      </header>
      <div className="sidebar-body">
        {mine ? <Rooms mine={mine} openId={openId} /> : <p className="quiet">Loading rooms…</p>}
      </div>
    </div>
  );
}

function Rooms({ mine, openId }: { mine: readonly Room[]; openId: string | null }) {
  return (
    <>
      <RoomNav rooms={mine} openId={openId} />
      <CreateRoom />
      <PublicRooms mine={mine} />
    </>
  );
}
