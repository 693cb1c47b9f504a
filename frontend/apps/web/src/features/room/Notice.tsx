/** What happened in the room by itself: joined, left, created. One quiet line. */
import type { Message } from "@hubbub/client";
import { fullTime } from "./times";

const verbs: Record<string, string> = {
  "member.joined": "joined the room",
  "member.left": "left the room",
  "member.added": "added somebody",
  "member.removed": "removed somebody",
  "member.banned": "banned somebody",
  "member.role_changed": "changed somebody's role",
  "member.muted": "muted somebody",
  "member.unmuted": "unmuted somebody",
  "room.created": "created the room",
  "room.renamed": "renamed the room",
  "room.topic_changed": "changed the topic",
  "room.settings_changed": "changed the room's settings",
  "room.archived": "archived the room",
  "room.restored": "restored the room",
};

export function Notice({ message }: { message: Message }) {
  const verb = verbs[message.event?.type ?? ""];
  // The room's owners want no notices of people who come and go.
  if (message.event?.quiet === true) return null;
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
