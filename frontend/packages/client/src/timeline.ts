/**
 * The messages of one room that this client knows, in the order of `seq`. One rule: a message is
 * replaced only by a later revision of itself, so pages and events may arrive in any order.
 */
import type { Message, Page } from "./types.js";

/** A message as it is shown here: `hidden` when I blocked who wrote it. */
export interface ShownMessage extends Message {
  readonly hidden: boolean;
}

export class Timeline {
  #messages: ShownMessage[] = [];
  #blocked: ReadonlySet<string>;
  /** Shown from here on. Changes of older messages are kept until the page around them is loaded. */
  #floor = Infinity;
  hasOlder = false;
  loaded = false;
  loading = false;

  /** Of whom the messages are hidden, by id. */
  constructor(blocked: ReadonlySet<string>) {
    this.#blocked = blocked;
  }

  get messages(): readonly ShownMessage[] {
    return this.#messages.filter((message) => message.seq >= this.#floor);
  }

  /** What is shown as before stays the same object. */
  hide(blocked: ReadonlySet<string>): void {
    this.#blocked = blocked;
    this.#messages = this.#messages.map((message) =>
      message.hidden === this.#hides(message) ? message : this.#shown(message),
    );
  }

  /** What the next older page ends before; undefined for the latest page. */
  get before(): number | undefined {
    return this.loaded ? this.#floor : undefined;
  }

  addPage(page: Page): void {
    for (const message of page.messages) this.upsert(message);
    this.#floor = page.has_before ? (page.messages[0]?.seq ?? this.#floor) : 0;
    this.hasOlder = page.has_before;
    this.loaded = true;
  }

  upsert(message: Message): void {
    const index = this.#messages.findLastIndex((known) => known.seq <= message.seq);
    const known = this.#messages[index];
    if (known?.seq !== message.seq) this.#messages.splice(index + 1, 0, this.#shown(message));
    else if (known.rev < message.rev) this.#messages[index] = this.#shown(message);
  }

  #shown(message: Message): ShownMessage {
    return { ...message, hidden: this.#hides(message) };
  }

  /** What happened to the room is shown, whoever did it. */
  #hides({ kind, sender }: Message): boolean {
    return kind === "user" && sender !== null && this.#blocked.has(sender.id);
  }
}
