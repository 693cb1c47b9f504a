/**
 * A server made of plain objects: a WebSocket that the test speaks for, and a fetch that answers from
 * a table. One rule: it knows the wire, and nothing of the SDK's inside.
 */
import { afterEach, beforeEach, vi } from "vitest";
import { createChatClient } from "../client.js";
import type { ChatClient } from "../client.js";
import type { Message } from "../types.js";

export const alice = {
  id: "u-alice",
  username: "alice",
  display_name: "Alice",
  is_bot: false,
  avatar: null,
};
export const bob = {
  id: "u-bob",
  username: "bob",
  display_name: "Bob",
  is_bot: false,
  avatar: null,
};

type Frame = Record<string, unknown>;

export class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error("No socket was opened.");
    return socket;
  }

  readonly sent: Frame[] = [];
  isClosed = false;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Frame);
  }

  close(): void {
    this.isClosed = true;
  }

  receive(frame: Frame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  hello(): void {
    this.receive({ type: "hello", protocol: 1, user: alice, heartbeat: 25, limits: {} });
  }

  drop(code: number): void {
    this.onclose?.({ code, reason: "" });
  }

  commands(type: string): Frame[] {
    return this.sent.filter((frame) => frame["type"] === type);
  }

  /** Answers the last command of this type. */
  async reply(type: string, fields: Frame): Promise<void> {
    this.receive({ type: "reply", ref: this.commands(type).at(-1)?.["ref"], ...fields });
    await settle();
  }

  async refuse(type: string, fields: Frame): Promise<void> {
    this.receive({ type: "error", ref: this.commands(type).at(-1)?.["ref"], ...fields });
    await settle();
  }

  async subscribed(result: Frame): Promise<void> {
    await this.reply("subscribe", {
      rooms: [{ room: "r1", epoch: "e1", head_seq: 0, recovered: null, messages: [], ...result }],
    });
  }
}

export interface FakeAnswer {
  status?: number;
  body?: unknown;
}

/** What fetch answers, by the end of the path; a test replaces what it is about. */
export let answers: Record<string, (body: unknown) => FakeAnswer | Promise<FakeAnswer>>;
export let calls: string[];

async function fakeFetch(url: string, init: RequestInit): Promise<Response> {
  const path = url.replace(/^.*\/api\/v1\//, "");
  calls.push(path);
  const answer = answers[path.replace(/\?.*/, "")];
  if (!answer) throw new TypeError(`No answer for ${path}`);
  const sent = init.body instanceof FormData ? init.body : parsed(init.body);
  const { status = 200, body = null } = await answer(sent);
  return new Response(status === 204 ? null : JSON.stringify(body), { status });
}

function parsed(body: RequestInit["body"]): unknown {
  return JSON.parse((body as string) || "null");
}

/** Fake time, fake network, and jitter at its longest. */
export function useFakeServer(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(1);
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("fetch", fakeFetch);
    FakeSocket.all = [];
    calls = [];
    answers = {
      "auth/ticket": () => ({ body: { ticket: "t 1", expires_in: 30 } }),
      "me/blocks": () => ({ body: { blocked: [] } }),
      rooms: () => ({ body: { rooms: [] } }),
      "rooms/r1/messages": () => ({ body: { messages: [], has_before: false, has_after: false } }),
    };
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
}

/** Lets everything run that waits for no timer. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** A client of alice's that is connected. */
export async function connected(): Promise<ChatClient> {
  const chat = createChatClient({
    url: "http://chat.test",
    auth: { getToken: () => Promise.resolve("access") },
  });
  chat.connect();
  await settle();
  FakeSocket.last.hello();
  await settle();
  return chat;
}

/** Loses the socket and brings up the next one, up to its hello. */
export async function reconnect(): Promise<void> {
  const lost = FakeSocket.last;
  lost.drop(1006);
  while (FakeSocket.last === lost) await pass(500);
  FakeSocket.last.hello();
  await settle();
}

export function message(seq: number, fields: Partial<Message> = {}): Message {
  return {
    room: "r1",
    seq,
    rev: seq,
    kind: "user",
    level: "normal",
    sender: bob,
    body: `message ${seq}`,
    is_action: false,
    client_id: `bob-${seq}`,
    reply_to: null,
    mentions: [],
    reactions: [],
    attachments: [],
    created_at: "2026-01-01T12:00:00Z",
    edited_at: null,
    deleted_at: null,
    pinned_at: null,
    ...fields,
  };
}

export function created(seq: number, fields: Partial<Message> = {}): Frame {
  return { type: "message.created", room: "r1", seq, message: message(seq, fields) };
}
