/**
 * The rooms I am a member of, and how to get into more of them. One rule: the list is the server's;
 * it is loaded after every hello and corrected by events in between.
 */
import { persist } from "./backoff.js";
import type { Rest } from "./rest.js";
import { Store } from "./subscribable.js";
import type { Readable } from "./subscribable.js";
import type { Invitation, NewInvitation, NewRoom, Room } from "./types.js";

export class RoomList {
  /** null until it is known. */
  readonly mine: Readable<readonly Room[] | null>;
  readonly #mine = new Store<readonly Room[] | null>(null);
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
    this.mine = this.#mine;
  }

  /** Never rejects: what keeps it from loading is the connection's business to show. */
  async load(): Promise<void> {
    try {
      const { rooms } = (await persist(() => this.#rest.get("rooms"))) as { rooms: Room[] };
      this.#mine.set(rooms);
    } catch {
      this.#mine.set(this.#mine.snapshot() ?? []);
    }
  }

  /** The public rooms, also those that I am not in. */
  async directory(): Promise<Room[]> {
    const { rooms } = (await this.#rest.get("directory")) as { rooms: Room[] };
    return rooms;
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

  /** Also when what is mine in it has changed; the counts come in the list alone. */
  add(room: Room): Room {
    const known = this.#mine.snapshot()?.find(({ id }) => id === room.id);
    this.#mine.set([
      ...this.#without(room.id),
      { ...room, read: room.read ?? known?.read ?? null },
    ]);
    return room;
  }

  remove(id: string): void {
    this.#mine.set(this.#without(id));
  }

  clear(): void {
    this.#mine.set(null);
  }

  #without(id: string): readonly Room[] {
    return (this.#mine.snapshot() ?? []).filter((room) => room.id !== id);
  }
}
