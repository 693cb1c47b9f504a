/**
 * The shapes that travel on the wire, exactly as the server writes them (snake_case).
 * One rule: nothing here is invented by the client.
 */

export type RoomKind = "public" | "private" | "direct" | "group";
export type Role = "owner" | "moderator" | "member";
export type Notify = "all" | "mentions" | "none";

export interface User {
  id: string;
  username: string;
  display_name: string;
  is_bot: boolean;
  /** The path of a picture that opens without a token. */
  avatar: string | null;
}

/** A person, and how they are. */
export interface Profile extends User {
  status: string;
  online: boolean;
  /** null for who never left, and for who appears offline. */
  last_seen_at: string | null;
}

/** Myself. */
export interface Me extends User {
  is_staff: boolean;
  /** I read what is open to guests, and write nothing. */
  is_guest: boolean;
  status: string;
  appear_offline: boolean;
  email: string;
  created_at: string;
  /** What my files take, in bytes. */
  stored_bytes: number;
  /** What they may take; an upload above it is refused: `quota_exceeded`. */
  stored_bytes_allowed: number;
}

export interface Room {
  id: string;
  kind: RoomKind;
  name: string;
  topic: string;
  staff_only: boolean;
  guests_may_read: boolean;
  announcements_only: boolean;
  notices: boolean;
  slow_mode_seconds: number;
  /** Messages older than so many days are deleted; null: none is. */
  retention_days: number | null;
  /** `#rrggbb`, or empty. */
  color: string;
  avatar: string | null;
  archived_at: string | null;
  head_seq: number;
  epoch: string;
  created_at: string;
  /** Who is in a direct room or a group, which have no name; else empty. */
  people: User[];
  /** What I am in this room; null when I am not a member, and in events that go to many. */
  role: Role | null;
  /** What my devices should make a noise about; null when I am not a member. */
  notify: Notify | null;
  muted_until: string | null;
  /** How far I have read and what is left. */
  read: ReadState | null;
}

export interface DirectoryEntry extends Room {
  /** As of the page; missing for a room that was heard of by event. */
  member_count?: number;
  online_count?: number;
}

export interface DirectoryPage {
  rooms: DirectoryEntry[];
  /** The cursor of the next page. */
  next: string | null;
}

export interface Member {
  user: User;
  role: Role;
  muted_until: string | null;
  joined_at: string;
}

/** The server counts no further: `unread` and `mentions` of 1000 mean so many or more. */
export const MAX_UNREAD = 1000;

export interface ReadState {
  read_seq: number;
  /** Messages of others since. MAX_UNREAD: or more. */
  unread: number;
  /** Those of them that mention me. MAX_UNREAD: or more. */
  mentions: number;
}

export interface NewRoom {
  name: string;
  kind?: RoomKind;
  topic?: string;
  color?: string;
  staff_only?: boolean;
  guests_may_read?: boolean;
}

/** For one person, or a link for whoever has its code. */
export type NewInvitation =
  { user: string } | { /** Seconds. */ expires_in?: number; max_uses?: number | null };

export interface Invitation {
  id: string;
  room: string;
  inviter: User;
  /** null: a link. */
  person: User | null;
  max_uses: number | null;
  uses: number;
  expires_at: string | null;
  created_at: string;
  /** Only in the answer that made the link. */
  code?: string;
}

/** What I may know of a room before I am in it. */
export type InvitedRoom = Pick<Room, "id" | "kind" | "name" | "topic">;

export interface ReceivedInvitation {
  id: string;
  room: InvitedRoom;
  inviter: User;
  created_at: string;
}

export interface Reaction {
  emoji: string;
  count: number;
  users: string[];
}

/** A file. What is null is there for pictures alone. */
export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size: number;
  width: number | null;
  height: number | null;
  url: string;
  thumbnail_url: string | null;
}

/** Addresses for `<img src>`, good for `expires_in` seconds. */
export interface AttachmentLink {
  url: string;
  thumbnail_url: string | null;
  expires_in: number;
}

/**
 * What happened to a room: all that a `system` message can be about. `user` is the id of the person
 * whom the event is about; the message's sender is the one who did it. A newer server may send a
 * type that is not here, so a `switch` over it wants a default.
 */
export type SystemEvent =
  | { type: "room.created" }
  | { type: "room.renamed"; name: string }
  | { type: "room.topic_changed"; topic: string }
  | { type: "room.avatar_changed"; color?: string; avatar?: string | null }
  | {
      type: "room.settings_changed";
      guests_may_read?: boolean;
      announcements_only?: boolean;
      notices?: boolean;
      slow_mode_seconds?: number;
      retention_days?: number | null;
    }
  | { type: "room.archived" }
  | { type: "room.restored" }
  /** `quiet`: the room wants no notice of it on the page. */
  | { type: "member.joined"; user: string; invited_by?: string; quiet?: boolean }
  | { type: "member.left"; user: string; quiet?: boolean }
  | { type: "member.added"; user: string }
  | { type: "member.removed"; user: string }
  | { type: "member.banned"; user: string }
  | { type: "member.role_changed"; user: string; role: Role }
  | { type: "member.muted"; user: string; until: string }
  | { type: "member.unmuted"; user: string };

export interface Message {
  room: string;
  /** The number at which the message was created: its place in the room. */
  seq: number;
  /** The number of its latest change. */
  rev: number;
  kind: "user" | "system";
  level: "normal" | "warning" | "alert";
  sender: User | null;
  body: string;
  /** The body is "/me waves": show "* Alice waves". */
  is_action: boolean;
  client_id: string | null;
  reply_to: number | null;
  /** Ids of people, or "room" for everybody. */
  mentions: string[];
  reactions: Reaction[];
  attachments: Attachment[];
  created_at: string;
  edited_at: string | null;
  deleted_at: string | null;
  pinned_at: string | null;
  /** Only in `system` messages. */
  event?: SystemEvent;
}

export interface Page {
  messages: Message[];
  has_before: boolean;
  has_after: boolean;
}

export interface TokenPair {
  access: string;
  refresh: string;
}
