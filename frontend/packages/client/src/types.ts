/**
 * The shapes that travel on the wire, exactly as the server writes them (snake_case).
 * One rule: nothing here is invented by the client.
 */

export type RoomKind = "public" | "private" | "direct" | "group";
export type Role = "owner" | "moderator" | "member";

export interface User {
  id: string;
  username: string;
  display_name: string;
  is_bot: boolean;
}

export interface Room {
  id: string;
  kind: RoomKind;
  name: string;
  topic: string;
  staff_only: boolean;
  announcements_only: boolean;
  notices: boolean;
  slow_mode_seconds: number;
  archived_at: string | null;
  head_seq: number;
  epoch: string;
  created_at: string;
  /** What I am in this room; null when I am not a member. */
  role: Role | null;
  /** How far I have read and what is left; only in the list of my rooms. */
  read: ReadState | null;
}

export interface ReadState {
  read_seq: number;
  unread: number;
  mentions: number;
}

export interface NewRoom {
  name: string;
  kind?: RoomKind;
  topic?: string;
  staff_only?: boolean;
}

export interface Reaction {
  emoji: string;
  count: number;
  users: string[];
}

export interface SystemEvent {
  type: string;
  [field: string]: unknown;
}

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
  client_id: string | null;
  reply_to: number | null;
  /** Ids of people, or "room" for everybody. */
  mentions: string[];
  reactions: Reaction[];
  created_at: string;
  edited_at: string | null;
  deleted_at: string | null;
  pinned_at: string | null;
  event?: SystemEvent | null;
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

export interface Hello {
  type: "hello";
  protocol: number;
  connection: string;
  user: User;
  server_time: string;
  /** Seconds between two pings of the server. */
  heartbeat: number;
  token_expires_at: string;
  limits: Record<string, number>;
}

export interface Bye {
  type: "bye";
  code: number;
  reason: string;
  reconnect: boolean;
  retry_after?: number | null;
}

export interface WireError {
  code: string;
  detail: string;
  fields?: Record<string, string[]>;
  retry_after?: number;
}

export interface Reply {
  type: "reply";
  ref: number;
  [field: string]: unknown;
}

export interface ErrorReply extends WireError {
  type: "error";
  /** null when the server could not even read it. */
  ref: number | null;
}

/** Where a client stands in a room's log, as `subscribe` sends it. */
export interface Position {
  room: string;
  after?: number;
  epoch?: string;
}

/** What `subscribe` answers for one room. */
export interface Subscribed {
  room: string;
  epoch: string;
  head_seq: number;
  recovered: boolean | null;
  messages: Message[];
  /** The ids of the members who are online. */
  online: string[];
}

export interface NotSubscribed {
  room: string;
  error: WireError;
}

export interface MessageEvent {
  type: "message.created" | "message.updated" | "message.deleted";
  room: string;
  seq: number;
  message: Message;
}

export interface ChangesEvent {
  type: "room.changes";
  room: string;
  after: number;
  seq: number;
  messages: Message[];
}

/** A change in a room's log: it has a number, and none may be missed. */
export type DurableEvent = MessageEvent | ChangesEvent;

export type ServerEvent =
  | DurableEvent
  | { type: "room.created" | "room.updated" | "room.added"; room: Room }
  | { type: "room.deleted" | "room.removed"; room: string }
  | { type: "room.reset"; room: string }
  | { type: "presence.changed"; user: string; online: boolean; last_seen_at: string | null }
  | ({ type: "read.updated"; room: string } & ReadState)
  | { type: "typing.started"; room: string; user: User; expires_in: number }
  | { type: "typing.stopped"; room: string; user: User }
  | { type: "token.expiring"; expires_at: string };

export type ServerFrame =
  Hello | Bye | Reply | ErrorReply | ServerEvent | { type: "ping"; n: number };

export interface Command {
  type: string;
  [field: string]: unknown;
}
