/**
 * The rooms that this client follows, and their subscriptions. One rule: after every hello all open
 * rooms are subscribed again, each from where it stands. My other rooms are subscribed too, for what
 * is unread in them, but nothing of them is kept.
 */
import { persist } from "./backoff.js";
import { asChatError, ChatError } from "./errors.js";
import { LiveRoom } from "./room.js";
import type { RoomOptions } from "./room.js";
import type { DurableEvent, MemberEvent, NotSubscribed, Subscribed } from "./frames.js";

/** The most rooms that one `subscribe` takes. */
const BATCH = 100;

interface Options extends Omit<RoomOptions, "subscribe"> {
  /** From here on the events of the room are heard. */
  subscribed(room: string, headSeq: number): void;
}

export class OpenRooms {
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #options: Options;
  #followed = new Set<string>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** The same id gives the same object. Nothing is sent before it is opened. */
  get(id: string): LiveRoom {
    const known = this.#rooms.get(id);
    if (known) return known;
    const subscribe = (room: LiveRoom) => void this.#subscribe([room]);
    const room = new LiveRoom(id, { ...this.#options, subscribe });
    this.#rooms.set(id, room);
    return room;
  }

  subscribeAll(): void {
    const open = [...this.#rooms.values()].filter((room) => room.isOpen);
    for (let start = 0; start < open.length; start += BATCH) {
      void this.#subscribe(open.slice(start, start + BATCH));
    }
  }

  /** Hears of these rooms on this connection, opened or not. */
  follow(ids: readonly string[]): void {
    const isNew = (id: string) => !this.#followed.has(id) && !this.#rooms.get(id)?.isOpen;
    const unheard = ids.filter(isNew);
    for (const id of unheard) this.#followed.add(id);
    for (let start = 0; start < unheard.length; start += BATCH) {
      void this.#followSome(unheard.slice(start, start + BATCH));
    }
  }

  memberChanged(event: MemberEvent): void {
    this.#rooms.get(event.room)?.memberChanged(event);
  }

  seen(user: string, online: boolean): void {
    for (const room of this.#rooms.values()) room.seen(user, online);
  }

  receive(event: DurableEvent): void {
    this.#rooms.get(event.room)?.receive(event);
  }

  reset(id: string): void {
    this.#rooms.get(id)?.reload();
  }

  remove(id: string): void {
    this.#followed.delete(id);
    this.#rooms.get(id)?.refused(new ChatError("room_not_found", "You are not in this room."));
  }

  hide(blocked: ReadonlySet<string>): void {
    for (const room of this.#rooms.values()) room.hide(blocked);
  }

  disconnected(): void {
    this.#followed.clear();
    for (const room of this.#rooms.values()) room.disconnected();
  }

  clear(): void {
    this.disconnected();
    this.#rooms.clear();
  }

  async #subscribe(rooms: readonly LiveRoom[]): Promise<void> {
    try {
      const reply = await persist(() => {
        // Taken anew for each attempt: events may have moved the room on since the last.
        const positions = rooms.map((room) => room.position());
        return this.#options.request({ type: "subscribe", rooms: positions });
      });
      for (const result of reply["rooms"] as (Subscribed | NotSubscribed)[]) this.#settle(result);
    } catch (error) {
      // Without a connection there is nothing to say: the next hello subscribes all rooms.
      const refusal = asChatError(error);
      if (refusal.code !== "disconnected") for (const room of rooms) room.refused(refusal);
    }
  }

  async #followSome(ids: readonly string[]): Promise<void> {
    const rooms = ids.map((room) => ({ room }));
    try {
      const reply = await this.#options.request({ type: "subscribe", rooms });
      for (const result of reply["rooms"] as (Subscribed | NotSubscribed)[]) this.#settle(result);
    } catch {
      // Their counts stay as the list says, until the next hello.
    }
  }

  #settle(result: Subscribed | NotSubscribed): void {
    const room = this.#rooms.get(result.room);
    if (!("error" in result)) this.#options.subscribed(result.room, result.head_seq);
    // Removed from the room while the answer was on its way.
    if (!room?.isOpen) return;
    if ("error" in result) room.refused(ChatError.fromWire(result.error));
    else room.subscribed(result);
  }
}
