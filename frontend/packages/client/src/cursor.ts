/**
 * Where this client stands in a room's log. One rule: an event is applied in its turn or not at all;
 * one that comes too early is held, and what is missing is asked for after a while.
 */
import type { DurableEvent, Position } from "./frames.js";

/** How long a missing event may take to turn up by itself. */
export const HOLD_MS = 2_000;

interface CursorOptions {
  apply(event: DurableEvent): void;
  /** Something is missing: subscribe again from here. */
  gap(): void;
}

export class Cursor {
  #epoch = "";
  #last: number | null = null;
  #held: DurableEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #options: CursorOptions;

  constructor(options: CursorOptions) {
    this.#options = options;
  }

  position(room: string): Position {
    return this.#last === null ? { room } : { room, after: this.#last, epoch: this.#epoch };
  }

  accept(event: DurableEvent): void {
    this.#held.push(event);
    this.#settle();
  }

  /** The server has told us everything up to `seq`. */
  advance(seq: number): void {
    this.#last = Math.max(this.#last ?? 0, seq);
    this.#settle();
  }

  /** Begins anew at `seq`; what was held belongs to a log that is no more. */
  restart(seq: number, epoch: string): void {
    this.forget();
    this.#last = seq;
    this.#epoch = epoch;
  }

  /** Stops following: the next subscribe starts without a position. */
  forget(): void {
    this.pause();
    this.#last = null;
  }

  /** The connection is gone: the next subscribe brings whatever is missing. */
  pause(): void {
    this.#held = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #settle(): void {
    for (let event = this.#takeNext(); event; event = this.#takeNext()) {
      if (this.#last === null || event.seq <= this.#last) continue;
      this.#last = event.seq;
      this.#options.apply(event);
    }
    if (this.#held.length > 0) this.#timer ??= setTimeout(() => this.#ask(), HOLD_MS);
    else this.pause();
  }

  #takeNext(): DurableEvent | undefined {
    const index = this.#held.findIndex((event) => startOf(event) <= (this.#last ?? Infinity));
    return index < 0 ? undefined : this.#held.splice(index, 1)[0];
  }

  #ask(): void {
    this.#timer = undefined;
    this.#options.gap();
  }
}

/** The position that an event follows. */
function startOf(event: DurableEvent): number {
  return event.type === "room.changes" ? event.after : event.seq - 1;
}
