/**
 * Commands that wait for their reply, matched by `ref`. One rule: every request ends, by a reply,
 * an error, the time limit or the loss of the connection.
 */
import { ChatError } from "./errors.js";
import type { Command, ErrorReply, Reply } from "./frames.js";

export const TIMEOUT_MS = 8_000;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: ChatError): void;
  timer: ReturnType<typeof setTimeout>;
}

export class Requests {
  #lastRef = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #send: (command: Command) => void;

  constructor(send: (command: Command) => void) {
    this.#send = send;
  }

  readonly request = (command: Command): Promise<Reply> => {
    const ref = (this.#lastRef += 1);
    return new Promise((resolve, reject) => {
      this.#send({ ...command, ref });
      const timer = setTimeout(() => this.#expire(ref), TIMEOUT_MS);
      this.#waiting.set(ref, { resolve, reject, timer });
    });
  };

  settle(frame: Reply | ErrorReply): void {
    const waiting = this.#take(frame.ref);
    if (frame.type === "reply") waiting?.resolve(frame);
    else waiting?.reject(ChatError.fromWire(frame));
  }

  /** The connection is gone: whether the server acted on what still waits is unknown. */
  failAll(): void {
    for (const ref of [...this.#waiting.keys()]) {
      this.#take(ref)?.reject(new ChatError("disconnected", "The connection was lost."));
    }
  }

  #expire(ref: number): void {
    this.#take(ref)?.reject(new ChatError("timeout", "The server did not answer in time."));
  }

  #take(ref: number | null): Waiting | undefined {
    if (ref === null) return undefined;
    const waiting = this.#waiting.get(ref);
    this.#waiting.delete(ref);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}
