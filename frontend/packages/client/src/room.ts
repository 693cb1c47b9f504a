/**
 * One room as this client follows it: its messages, what is being sent, and where it stands in the
 * log. One rule: the state that the app sees is replaced in #publish and nowhere else.
 */
import { Cursor } from "./cursor.js";
import { asChatError, ChatError } from "./errors.js";
import { Outbox } from "./outbox.js";
import type { PendingMessage } from "./outbox.js";
import { People } from "./people.js";
import type { RoomPeople } from "./people.js";
import { Store } from "./subscribable.js";
import type { Readable } from "./subscribable.js";
import { Timeline } from "./timeline.js";
import type { ShownMessage } from "./timeline.js";
import type { Member, Message, Page } from "./types.js";
import type { Command, DurableEvent, MemberEvent, Position, Reply, Subscribed } from "./frames.js";

export interface RoomState {
  /** `failed`: there is nothing to show, and `error` says why. */
  readonly status: "loading" | "ready" | "failed";
  readonly messages: readonly ShownMessage[];
  readonly pending: readonly PendingMessage[];
  readonly hasOlder: boolean;
  readonly error: ChatError | null;
}

export interface RoomOptions {
  request(command: Command): Promise<Reply>;
  history(room: string, before: number | undefined): Promise<Page>;
  members(room: string): Promise<Member[]>;
  subscribe(room: LiveRoom): void;
  isMine(message: Message): boolean;
  /** Ids of people whose messages are hidden. */
  blocked(): ReadonlySet<string>;
}

/**
 * @example
 * const room = chat.room(id);
 * room.state.subscribe(() => render(room.state.snapshot()));
 * room.open();
 * room.send("hello");
 */
export class LiveRoom {
  readonly id: string;
  readonly state: Readable<RoomState>;
  /** Members once `loadMembers` was called; who is online, while the room is open. */
  readonly people: Readable<RoomPeople>;
  isOpen = false;
  readonly #state: Store<RoomState>;
  readonly #options: RoomOptions;
  readonly #cursor: Cursor;
  readonly #outbox: Outbox;
  readonly #people = new People();
  #timeline: Timeline;
  #error: ChatError | null = null;

  constructor(id: string, options: RoomOptions) {
    this.id = id;
    this.#options = options;
    this.#timeline = new Timeline(options.blocked());
    this.#cursor = new Cursor({
      apply: (event) => this.#merge("message" in event ? [event.message] : event.messages),
      gap: () => options.subscribe(this),
    });
    this.#outbox = new Outbox({
      transmit: (pending) => this.#transmit(pending),
      changed: () => this.#publish(),
    });
    this.#state = new Store(this.#view());
    this.state = this.#state;
    this.people = this.#people.state;
  }

  /** Follows the room from now on, also across reconnections. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.#options.subscribe(this);
  }

  /** Shown at once as pending, and sent as soon as the connection allows. */
  send(body: string, attachments: readonly string[] = []): PendingMessage {
    return this.#outbox.add(body, attachments);
  }

  retry(clientId: string): void {
    this.#outbox.retry(clientId);
  }

  discard(clientId: string): void {
    this.#outbox.discard(clientId);
  }

  loadOlder(): Promise<void> {
    return this.#load();
  }

  /** Events keep them right from then on. */
  loadMembers(): Promise<void> {
    return this.#people.load(() => this.#options.members(this.id));
  }

  /** Drops what is known and starts again. */
  reload(): void {
    this.#drop(null);
    this.isOpen = true;
    this.#options.subscribe(this);
  }

  position(): Position {
    return this.#cursor.position(this.id);
  }

  subscribed({ recovered, messages, head_seq, epoch, online }: Subscribed): void {
    this.#people.setOnline(online);
    // What happened to them while we were away has no number.
    if (this.#people.loaded) this.loadMembers().catch(() => undefined);
    if (recovered === true) {
      this.#merge(messages);
      this.#cursor.advance(head_seq);
    } else {
      this.#drop(null);
      this.#cursor.restart(head_seq, epoch);
    }
    if (!this.#timeline.loaded) void this.#load();
    this.#outbox.resume();
  }

  /** We may not be here (any more). */
  refused(error: ChatError): void {
    this.isOpen = false;
    this.#outbox.pause();
    this.#people.clear();
    this.#drop(error);
  }

  receive(event: DurableEvent): void {
    this.#cursor.accept(event);
  }

  /** Whom I blocked changed. */
  hide(blocked: ReadonlySet<string>): void {
    this.#timeline.hide(blocked);
    this.#publish();
  }

  memberChanged(event: MemberEvent): void {
    this.#people.hear(event);
  }

  /** Only members count, but who is none is shown nowhere. */
  seen(user: string, online: boolean): void {
    this.#people.seen(user, online);
  }

  disconnected(): void {
    this.#cursor.pause();
    this.#outbox.pause();
  }

  async #transmit({ clientId, body, attachments }: PendingMessage): Promise<void> {
    const said = { type: "message.send", room: this.id, client_id: clientId, body };
    const command = attachments.length > 0 ? { ...said, attachments } : said;
    const reply = await this.#options.request(command);
    const message = reply["message"] as Message;
    // A "/pm bob hi" is in another room: it was sent, and that is all that is said here.
    if (message.room === this.id) this.#merge([message]);
  }

  async #load(): Promise<void> {
    const timeline = this.#timeline;
    if (timeline.loading) return;
    timeline.loading = true;
    try {
      const page = await this.#options.history(this.id, timeline.before);
      if (timeline !== this.#timeline) return;
      timeline.addPage(page);
      this.#error = null;
      this.#merge(page.messages);
    } catch (error) {
      if (timeline === this.#timeline) this.#error = asChatError(error);
    } finally {
      timeline.loading = false;
      this.#publish();
    }
  }

  #merge(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#timeline.upsert(message);
      if (message.client_id !== null && this.#options.isMine(message)) {
        this.#outbox.confirm(message.client_id);
      }
    }
    this.#publish();
  }

  /** A new timeline, so that a page still on its way to the old one is not taken for ours. */
  #drop(error: ChatError | null): void {
    this.#timeline = new Timeline(this.#options.blocked());
    this.#cursor.forget();
    this.#error = error;
    this.#publish();
  }

  #publish(): void {
    this.#state.set(this.#view());
  }

  #view(): RoomState {
    const { loaded, messages, hasOlder } = this.#timeline;
    const status = loaded ? "ready" : this.#error ? "failed" : "loading";
    return { status, messages, pending: this.#outbox.items, hasOlder, error: this.#error };
  }
}
