/**
 * Who is in a room, and who of them is online. One rule: events correct what was loaded, and a list
 * that was on its way while something happened is asked for again.
 */
import { Store } from "./subscribable.js";
import type { Readable } from "./subscribable.js";
import type { Member } from "./types.js";
import type { MemberEvent } from "./frames.js";

export interface RoomPeople {
  /** null until they were asked for. */
  readonly members: readonly Member[] | null;
  /** The ids of the members who are online. */
  readonly online: ReadonlySet<string>;
}

const NOBODY: RoomPeople = { members: null, online: new Set() };

export class People {
  readonly state: Readable<RoomPeople>;
  readonly #state = new Store<RoomPeople>(NOBODY);
  /** Counts what happened, so that an answer from before it is recognised. */
  #turn = 0;

  constructor() {
    this.state = this.#state;
  }

  get loaded(): boolean {
    return this.#state.snapshot().members !== null;
  }

  async load(ask: () => Promise<Member[]>): Promise<void> {
    const turn = (this.#turn += 1);
    const members = await ask();
    if (turn === this.#turn) this.#set({ members });
    else if (!this.loaded) await this.load(ask);
  }

  setOnline(ids: readonly string[]): void {
    this.#set({ online: new Set(ids) });
  }

  clear(): void {
    this.#turn += 1;
    this.#state.set(NOBODY);
  }

  hear(event: MemberEvent): void {
    this.#turn += 1;
    if (event.type === "member.left") {
      this.#replace(event.user, null);
      this.seen(event.user, false);
      return;
    }
    this.#replace(event.member.user.id, event.member);
    if (event.type === "member.joined") this.seen(event.member.user.id, event.online);
  }

  /** Somebody of this room came or went. */
  seen(user: string, isOnline: boolean): void {
    const online = new Set(this.#state.snapshot().online);
    if (isOnline) online.add(user);
    else online.delete(user);
    this.#set({ online });
  }

  #replace(user: string, member: Member | null): void {
    const { members } = this.#state.snapshot();
    if (!members) return;
    const others = members.filter((one) => one.user.id !== user);
    this.#set({ members: member ? [...others, member] : others });
  }

  #set(change: Partial<RoomPeople>): void {
    this.#state.set({ ...this.#state.snapshot(), ...change });
  }
}
