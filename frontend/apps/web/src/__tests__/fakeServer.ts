/**
 * A page's server, just enough of it: fetch answers from a table, and the test speaks for the socket.
 * One rule: a path that is not in the table is an unreachable server.
 */
import { vi } from "vitest";

type Frame = Record<string, unknown>;

const alice = {
  id: "u-alice",
  username: "alice",
  display_name: "Alice",
  is_bot: false,
  avatar: null,
};
export const general = {
  id: "r1",
  kind: "public",
  name: "general",
  topic: "",
  people: [],
  role: "member",
  read: { read_seq: 0, unread: 0, mentions: 0 },
};
const tokens = { access: `h.${btoa(JSON.stringify({ iat: 0, exp: 600 }))}.s`, refresh: "r" };

export const answers: Record<string, unknown> = {
  "auth/login": tokens,
  "auth/ticket": { ticket: "t", expires_in: 30 },
  rooms: { rooms: [general] },
  directory: { rooms: [general], next: null },
  "rooms/r1/members": { members: [] },
  "me/blocks": { blocked: [] },
  "rooms/r1/messages": { messages: [], has_before: false, has_after: false },
};

export class FakeSocket {
  static all: FakeSocket[] = [];
  readonly sent: Frame[] = [];
  isClosed = false;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor() {
    FakeSocket.all.push(this);
    setTimeout(() => this.receive({ type: "hello", user: alice, heartbeat: 25 }));
  }

  /** Subscribing works at once; everything else the test answers. */
  send(text: string): void {
    const command = JSON.parse(text) as Frame;
    this.sent.push(command);
    if (command["type"] !== "subscribe") return;
    const rooms = [{ room: "r1", epoch: "e", head_seq: 0, recovered: null, messages: [] }];
    setTimeout(() => this.receive({ type: "reply", ref: command["ref"], rooms }));
  }

  close(): void {
    this.isClosed = true;
    this.onmessage = null;
  }

  receive(frame: Frame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

export function installFakeServer(): void {
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", (url: string) => {
    const answer = answers[url.replace(/^.*\/api\/v1\/|\?.*$/g, "")];
    if (answer === undefined) return Promise.reject(new TypeError("unreachable"));
    return Promise.resolve(new Response(JSON.stringify(answer)));
  });
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe = vi.fn();
      disconnect = vi.fn();
    },
  );
}

export function message(seq: number, fields: Frame): Frame {
  return {
    room: "r1",
    seq,
    rev: seq,
    kind: "user",
    level: "normal",
    sender: { id: "u-bob", username: "bob", display_name: "Bob", is_bot: false, avatar: null },
    body: "",
    is_action: false,
    mentions: [],
    reactions: [],
    attachments: [],
    client_id: `c-${seq}`,
    created_at: "2026-01-01T12:00:00Z",
    edited_at: null,
    deleted_at: null,
    pinned_at: null,
    ...fields,
  };
}
