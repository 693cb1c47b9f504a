/**
 * Whom I do not want to hear from. One rule: the list is the server's; it is loaded after every
 * hello and replaced by events in between. Rooms hide messages by it.
 */
import { persist } from "./backoff.js";
import type { Rest } from "./rest.js";
import { Store } from "./subscribable.js";
import type { Readable } from "./subscribable.js";
import type { User } from "./types.js";

export class Blocks {
  /** Ids of people. */
  readonly ids: Readable<ReadonlySet<string>>;
  readonly #ids = new Store<ReadonlySet<string>>(new Set());
  readonly #rest: Rest;
  /** How often the server told: an answer that is older than what it told is dropped. */
  #told = 0;

  constructor(rest: Rest) {
    this.#rest = rest;
    this.ids = this.#ids;
  }

  /** Never rejects: what keeps it from loading is the connection's business to show. */
  async load(): Promise<void> {
    const told = this.#told;
    try {
      const people = await persist(() => this.list());
      if (told === this.#told) this.#ids.set(new Set(people.map((person) => person.id)));
    } catch {
      // What was known stays.
    }
  }

  async list(): Promise<User[]> {
    const { blocked } = (await this.#rest.get("me/blocks")) as { blocked: User[] };
    return blocked;
  }

  /** The list changes with the event that follows. */
  async add(user: string): Promise<void> {
    await this.#rest.put(`me/blocks/${user}`);
  }

  async remove(user: string): Promise<void> {
    await this.#rest.delete(`me/blocks/${user}`);
  }

  changed(blocked: readonly string[]): void {
    this.#told += 1;
    this.#ids.set(new Set(blocked));
  }

  clear(): void {
    this.changed([]);
  }
}
