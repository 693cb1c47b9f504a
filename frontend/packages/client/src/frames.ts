/**
 * What goes over the socket: commands, replies and events, as docs/protocol.md says. One rule: a shape
 * that REST has too is in types.ts.
 */
import type { Member, Message, ReadState, ReceivedInvitation, Room, User } from "./types.js";

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

/** Somebody came into a room, changed in it, or is there no longer. */
export type MemberEvent =
  | { type: "member.joined"; room: string; member: Member; member_count: number; online: boolean }
  | { type: "member.updated"; room: string; member: Member }
  | { type: "member.left"; room: string; user: string; member_count: number };

export type ServerEvent =
  | DurableEvent
  | MemberEvent
  | { type: "room.created" | "room.updated" | "room.added"; room: Room }
  | { type: "room.deleted" | "room.removed"; room: string }
  | { type: "room.reset"; room: string }
  | { type: "invitation.created"; invitation: ReceivedInvitation }
  | { type: "invitation.deleted"; invitation: string }
  | { type: "presence.changed"; user: string; online: boolean; last_seen_at: string | null }
  | { type: "user.updated"; user: User; status: string }
  | { type: "blocks.changed"; blocked: string[] }
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
