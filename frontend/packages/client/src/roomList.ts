/**
 * The rooms I am a member of, with what is unread in each, and how to get into more of them. One rule:
 * the list is the server's; it is loaded after every hello and corrected by events in between.
 */
import { persist } from "./backoff.js";
import type { Rest } from "./rest.js";
import { Store } from "./subscribable.js";
import type { Readable } from "./subscribable.js";
import type { Invitation, Message, NewInvitation, NewRoom, ReadState, Room } from "./types.js";
import { MAX_UNREAD } from "./types.js";
import type { DurableEvent } from "./frames.js";

export class RoomList {
  /** null until it is known. */
  readonly mine: Readable<readonly Room[] | null>;
  readonly #mine = new Store<readonly Room[] | null>(null);
  readonly #rest: Rest;
  readonly #me: () => string | undefined;
  #loading = false;
  #again = false;

  constructor(rest: Rest, me: () => string | undefined) {
    this.#rest = rest;
    this.#me = me;
    this.mine = this.#mine;
  }

  /** Never rejects: what keeps it from loading is the connection's business to show. */
  async load(): Promise<void> {
    this.#again = this.#loading;
    if (this.#loading) return;
    this.#loading = true;
    try {
      const { rooms } = (await persist(() => this.#rest.get("rooms"))) as { rooms: Room[] };
      this.#mine.set(rooms.map((room) => newer(this.#find(room.id), room)));
    } catch {
      this.#mine.set(this.#mine.snapshot() ?? []);
    }
    this.#loading = false;
    if (this.#again) await this.load();
  }

  async create(room: NewRoom): Promise<Room> {
    return this.add((await this.#rest.post("rooms", room)) as Room);
  }

  async join(id: string): Promise<Room> {
    return this.add((await this.#rest.post(`rooms/${id}/join`)) as Room);
  }

  /** A person, or everybody who has the link: its `code` is in this answer alone. */
  async invite(id: string, invitation: NewInvitation): Promise<Invitation> {
    return (await this.#rest.post(`rooms/${id}/invitations`, invitation)) as Invitation;
  }

  /** One that was sent to me, by its id. */
  async acceptInvitation(id: string): Promise<Room> {
    return this.add((await this.#rest.post(`me/invitations/${id}/accept`)) as Room);
  }

  async acceptLink(code: string): Promise<Room> {
    const path = `invitations/${encodeURIComponent(code)}/accept`;
    return this.add((await this.#rest.post(path)) as Room);
  }

  async leave(id: string): Promise<void> {
    await this.#rest.post(`rooms/${id}/leave`);
    this.remove(id);
  }

  /** I am a member, or what is mine in the room changed. */
  add(room: Room): Room {
    const shown = newer(this.#find(room.id), room);
    this.#mine.set([...this.#without(room.id), shown]);
    return shown;
  }

  remove(id: string): void {
    this.#mine.set(this.#without(id));
  }

  /** What everybody sees of the room changed; what is mine of it stays. */
  change(room: Room): void {
    this.#replace(room.id, ({ role, notify, muted_until, read, head_seq }) => ({
      ...room,
      role,
      notify,
      muted_until,
      read,
      head_seq,
    }));
  }

  markRead(id: string, { read_seq, unread, mentions }: ReadState): void {
    this.#replace(id, (room) => ({ ...room, read: { read_seq, unread, mentions } }));
  }

  /** Counts what is new. What changed may have been counted, or not: then the server is asked. */
  heard(event: DurableEvent): void {
    const room = this.#find(event.room);
    if (!room || event.seq <= room.head_seq) return;
    const messages = "message" in event ? [event.message] : event.messages;
    const unread = messages.filter((message) => this.#isUnread(room, message));
    this.#replace(room.id, () => this.#counted(room, event.seq, unread));
    if (unread.some(wasChanged)) void this.load();
  }

  /** Events follow from here on: did the list know as much? */
  subscribed(id: string, headSeq: number): void {
    const room = this.#find(id);
    if (room && room.head_seq < headSeq) void this.load();
  }

  clear(): void {
    this.#mine.set(null);
  }

  #counted(room: Room, headSeq: number, unread: readonly Message[]): Room {
    if (!room.read) return { ...room, head_seq: headSeq };
    const created = unread.filter((message) => !wasChanged(message));
    const me = this.#me();
    const meant = created.filter(({ mentions }) =>
      mentions.some((id) => id === me || id === "room"),
    );
    const read = {
      ...room.read,
      unread: Math.min(room.read.unread + created.length, MAX_UNREAD),
      mentions: Math.min(room.read.mentions + meant.length, MAX_UNREAD),
    };
    return { ...room, head_seq: headSeq, read };
  }

  #isUnread(room: Room, message: Message): boolean {
    const isAbove = room.read !== null && message.seq > room.read.read_seq;
    return isAbove && message.kind === "user" && message.sender?.id !== this.#me();
  }

  #find(id: string): Room | undefined {
    return this.#mine.snapshot()?.find((room) => room.id === id);
  }

  #replace(id: string, change: (room: Room) => Room): void {
    const rooms = this.#mine.snapshot();
    if (rooms) this.#mine.set(rooms.map((room) => (room.id === id ? change(room) : room)));
  }

  #without(id: string): readonly Room[] {
    return (this.#mine.snapshot() ?? []).filter((room) => room.id !== id);
  }
}

/** Edited or deleted; a reaction or a pin changes no count. */
function wasChanged(message: Message): boolean {
  return message.edited_at !== null || message.deleted_at !== null;
}

/** An answer may be older than the events that came while it was on its way. */
function newer(known: Room | undefined, room: Room): Room {
  if (!known || known.head_seq <= room.head_seq) return room;
  return { ...room, head_seq: known.head_seq, read: known.read };
}
