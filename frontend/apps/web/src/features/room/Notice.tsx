/** One quiet line for a system message: somebody joined, left, or changed the room. */
import type { Message, SystemEvent } from "@hubbub/client";
import { fullTime } from "./times";

// Without a text for each type of event, this does not compile.
const verbs: Record<SystemEvent["type"], string> = {
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
  "room.avatar_changed": "changed the room's picture or color",
  "room.settings_changed": "changed the room's settings",
  "room.archived": "archived the room",
  "room.restored": "restored the room",
};

export function Notice({ message }: { message: Message }) {
  const { event } = message;
  // The room's owners want no notices of people who come and go.
  if (event && "quiet" in event && event.quiet) return null;
  // A newer server may send types that this version has no words for.
  const verb: string | undefined = event && verbs[event.type];
  return (
    <li className="notice" data-row title={fullTime(message.created_at)}>
      {verb ? (
        <>
          <bdi>{message.sender?.display_name ?? "Somebody"}</bdi> {verb}
        </>
      ) : (
        <span dir="auto">{message.body || "The room was changed"}</span>
      )}
    </li>
  );
}
