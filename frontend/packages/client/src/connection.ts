/**
 * The life of the connection across its sockets: idle, connecting, connected, waiting, closed.
 * One rule: every change of state happens in this file, and only one socket exists at a time.
 */
import { backoff } from "./backoff.js";
import { CloseCode, mustStop } from "./closeCodes.js";
import { ChatError, isSignedOut } from "./errors.js";
import { Socket } from "./socket.js";
import type { End } from "./socket.js";
import { Store } from "./subscribable.js";
import type { Command, Hello, ServerFrame } from "./frames.js";

/** A connection that lasted this long starts the backoff anew. */
const STABLE_MS = 10_000;

export type ConnectionState =
  /** Nobody asked for a connection. */
  | { state: "idle" }
  /** Getting a ticket, opening the socket, waiting for hello. */
  | { state: "connecting" }
  | { state: "connected" }
  /** Lost; the next attempt is at `retryAt` (milliseconds since 1970). */
  | { state: "waiting"; retryAt: number }
  /** Ended for good; only connect() starts again. */
  | { state: "closed"; code: number; reason: string };

export interface ConnectionOptions {
  openSocket(ticket: string): WebSocket;
  /** `fresh`: the last ticket was refused, so get new tokens before the next one. */
  getTicket(fresh: boolean): Promise<string>;
  opened(hello: Hello): void;
  frame(frame: ServerFrame): void;
  lost(): void;
}

export class Connection {
  readonly state = new Store<ConnectionState>({ state: "idle" });
  readonly #options: ConnectionOptions;
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #connectedAt = 0;
  #needsFreshTokens = false;
  /** Counts the attempts, so that an answer to an abandoned one is recognised. */
  #turn = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  connect(): void {
    const { state } = this.state.snapshot();
    if (state !== "idle" && state !== "closed") return;
    this.#attempt = 0;
    void this.#open();
  }

  /** Ends a wait early, for example when the network is back. */
  retryNow(): void {
    if (this.state.snapshot().state === "waiting") void this.#open();
  }

  close(): void {
    this.#leave();
    this.state.set({ state: "idle" });
  }

  readonly send = (command: Command): void => {
    if (!this.#socket || this.state.snapshot().state !== "connected") {
      throw new ChatError("disconnected", "There is no connection.");
    }
    this.#socket.send(command);
  };

  async #open(): Promise<void> {
    clearTimeout(this.#timer);
    const turn = (this.#turn += 1);
    this.state.set({ state: "connecting" });
    try {
      const ticket = await this.#options.getTicket(this.#needsFreshTokens);
      if (turn === this.#turn) this.#listen(this.#options.openSocket(ticket));
    } catch (error) {
      if (turn === this.#turn) this.#ticketRefused(error);
    }
  }

  #listen(ws: WebSocket): void {
    this.#socket = new Socket(ws, {
      hello: (hello) => this.#connected(hello),
      frame: (frame) => this.#options.frame(frame),
      end: (end) => this.#ended(end),
    });
  }

  #connected(hello: Hello): void {
    this.#connectedAt = Date.now();
    this.#needsFreshTokens = false;
    this.state.set({ state: "connected" });
    this.#options.opened(hello);
  }

  #ticketRefused(error: unknown): void {
    if (isSignedOut(error)) {
      this.#stop({ code: CloseCode.unauthorized, reason: "unauthorized" });
    } else {
      this.#wait(error instanceof ChatError ? error.retryAfter : undefined);
    }
  }

  #ended(end: End): void {
    const wasConnected = this.state.snapshot().state === "connected";
    // A refused ticket may only mean that the session behind it moved on: ask once with new tokens.
    const refused = !wasConnected && end.code === CloseCode.unauthorized && !this.#needsFreshTokens;
    this.#leave();
    if (wasConnected && Date.now() - this.#connectedAt >= STABLE_MS) this.#attempt = 0;
    if (refused || end.code === CloseCode.tokenExpired) this.#needsFreshTokens = true;
    if (mustStop(end.code) && !refused) this.#stop(end);
    else this.#wait(end.retryAfter);
  }

  #wait(retryAfter: number | undefined): void {
    const delay = retryAfter === undefined ? backoff(this.#attempt) : retryAfter * 1000;
    this.#attempt += 1;
    this.state.set({ state: "waiting", retryAt: Date.now() + delay });
    this.#timer = setTimeout(() => void this.#open(), delay);
  }

  #stop({ code, reason }: End): void {
    this.#needsFreshTokens = false;
    this.state.set({ state: "closed", code, reason });
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.#socket?.close();
    this.#socket = null;
    this.#options.lost();
  }
}
