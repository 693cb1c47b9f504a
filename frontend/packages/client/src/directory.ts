/**
 * The public rooms that I may see, live. One rule: pages bring rooms in, events correct them; the
 * counts of people are as of the page.
 */
import type { Rest } from "./rest.js";
import { Store } from "./subscribable.js";
import type { Readable } from "./subscribable.js";
import type { DirectoryEntry, DirectoryPage, Room } from "./types.js";

export class Directory {
  /** By name; null until it was loaded. */
  readonly rooms: Readable<readonly DirectoryEntry[] | null>;
  readonly #rooms = new Store<readonly DirectoryEntry[] | null>(null);
  readonly #rest: Rest;
  #search = "";
  #next: string | null = null;
  /** Rooms that went while a page was on its way. */
  #gone = new Set<string>();

  constructor(rest: Rest) {
    this.#rest = rest;
    this.rooms = this.#rooms;
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** The first page, of the rooms with this in their name or topic. */
  async load(search = ""): Promise<void> {
    this.#search = search;
    this.#gone.clear();
    const page = await this.#page("");
    if (search === this.#search) this.#show(page, []);
  }

  reload(): Promise<void> {
    return this.load(this.#search);
  }

  async loadMore(): Promise<void> {
    const cursor = this.#next;
    if (cursor === null) return;
    const page = await this.#page(`&cursor=${encodeURIComponent(cursor)}`);
    if (cursor === this.#next) this.#show(page, this.#rooms.snapshot() ?? []);
  }

  change(room: Room): void {
    this.#gone.delete(room.id);
    const rooms = this.#rooms.snapshot();
    if (!rooms) return;
    const known = rooms.find(({ id }) => id === room.id);
    const others = rooms.filter((one) => one !== known);
    this.#rooms.set(this.#matches(room) ? sorted([...others, { ...known, ...room }]) : others);
  }

  remove(id: string): void {
    this.#gone.add(id);
    const rooms = this.#rooms.snapshot();
    if (rooms) this.#rooms.set(rooms.filter((room) => room.id !== id));
  }

  clear(): void {
    this.#search = "";
    this.#next = null;
    this.#gone.clear();
    this.#rooms.set(null);
  }

  async #page(cursor: string): Promise<DirectoryPage> {
    const search = encodeURIComponent(this.#search);
    const path = search ? `directory?limit=50&search=${search}` : "directory?limit=50";
    return (await this.#rest.get(path + cursor)) as DirectoryPage;
  }

  #show({ rooms, next }: DirectoryPage, before: readonly DirectoryEntry[]): void {
    this.#next = next;
    const known = new Map([...before, ...rooms].map((room) => [room.id, room]));
    for (const id of this.#gone) known.delete(id);
    this.#rooms.set(sorted([...known.values()]));
  }

  #matches({ name, topic }: Room): boolean {
    const search = this.#search.toLowerCase();
    return name.toLowerCase().includes(search) || topic.toLowerCase().includes(search);
  }
}

function sorted(rooms: DirectoryEntry[]): DirectoryEntry[] {
  return rooms.sort((a, b) => a.name.localeCompare(b.name));
}
