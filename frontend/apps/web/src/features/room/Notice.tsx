/** What happened in the room by itself: joined, left, created. One quiet line. */
import type { Message } from "@hubbub/client";
import { fullTime } from "./times";

const verbs: Record<string, string> = {
  "member.joined": "joined the room",
  "member.left": "left the room",
  "room.created": "created the room",
};

export function Notice({ message }: { message: Message }) {
  const verb = verbs[message.event?.type ?? ""];
  return (
    <li className="notice" data-row title={fullTime(message.created_at)}>
      {verb ? (
        <>
          <bdi>{message.sender?.display_name ?? "Somebody"}</bdi> {verb}
        </>
      ) : (
        // Something this version has no words for; the server may have sent some.
        <span dir="auto">{message.body || "The room was changed"}</span>
      )}
    </li>
  );
}
