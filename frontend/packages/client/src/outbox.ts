/**
 * What this person has sent in one room and the room does not show yet. One rule: in order, one at a
 * time, and a message keeps its `clientId` through every attempt, so that it is stored once.
 */
import { delayAfter } from "./backoff.js";
import { asChatError, isTransient } from "./errors.js";
import type { ChatError } from "./errors.js";

export interface PendingMessage {
  readonly clientId: string;
  readonly body: string;
  /** Ids of files that were uploaded to the room. */
  readonly attachments: readonly string[];
  readonly createdAt: string;
  readonly status: "sending" | "failed";
  /** Why it failed. */
  readonly error: ChatError | null;
}

interface OutboxOptions {
  /** Sends it once; resolves when the server has stored it. */
  transmit(pending: PendingMessage): Promise<void>;
  changed(): void;
}

export class Outbox {
  #items: readonly PendingMessage[] = [];
  #isOpen = false;
  #inFlight: string | null = null;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #options: OutboxOptions;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get items(): readonly PendingMessage[] {
    return this.#items;
  }

  add(body: string, attachments: readonly string[] = []): PendingMessage {
    const createdAt = new Date().toISOString();
    const clientId = crypto.randomUUID();
    const said = { clientId, body, attachments, createdAt };
    const pending = { ...said, status: "sending", error: null } as const;
    this.#change([...this.#items, pending]);
    return pending;
  }

  retry(clientId: string): void {
    this.#update(clientId, { status: "sending", error: null });
  }

  discard(clientId: string): void {
    this.#change(
      this.#items.filter((item) => item.clientId !== clientId || item.status !== "failed"),
    );
  }

  /** It is stored: a reply or an event says so, whichever came first. */
  confirm(clientId: string): void {
    if (this.#inFlight === clientId) this.#release();
    if (this.#items.every((item) => item.clientId !== clientId)) return;
    this.#change(this.#items.filter((item) => item.clientId !== clientId));
  }

  /** The room is subscribed: from here on, sends arrive. */
  resume(): void {
    this.#isOpen = true;
    this.#pump();
  }

  /** The connection is gone; what was in flight is sent again after the next resume. */
  pause(): void {
    this.#isOpen = false;
    this.#release();
  }

  #pump(): void {
    const next = this.#items.find((item) => item.status === "sending");
    if (!next || !this.#isOpen || this.#inFlight !== null) return;
    const { clientId } = next;
    this.#inFlight = clientId;
    this.#options.transmit(next).then(
      () => this.confirm(clientId),
      (error: unknown) => this.#refused(clientId, error),
    );
  }

  #refused(clientId: string, error: unknown): void {
    // An event has confirmed it meanwhile, or the connection it was sent on is gone.
    if (this.#inFlight !== clientId) return;
    if (isTransient(error)) {
      this.#timer = setTimeout(() => this.#again(), delayAfter(error, this.#attempt));
      this.#attempt += 1;
    } else {
      this.#release();
      this.#update(clientId, { status: "failed", error: asChatError(error) });
    }
  }

  #again(): void {
    this.#inFlight = null;
    this.#pump();
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#inFlight = null;
    this.#attempt = 0;
  }

  #update(clientId: string, patch: Partial<PendingMessage>): void {
    this.#change(
      this.#items.map((item) => (item.clientId === clientId ? { ...item, ...patch } : item)),
    );
  }

  #change(items: readonly PendingMessage[]): void {
    this.#items = items;
    this.#options.changed();
    this.#pump();
  }
}
