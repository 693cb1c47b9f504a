/**
 * Wires the parts together: connection, requests, rooms, REST. One rule: it holds no state of its own
 * but who I am.
 */
import { Blocks } from "./blocks.js";
import { Connection } from "./connection.js";
import type { ConnectionState } from "./connection.js";
import { Directory } from "./directory.js";
import { OpenRooms } from "./openRooms.js";
import { Requests } from "./requests.js";
import { Rest } from "./rest.js";
import type { Auth } from "./rest.js";
import type { LiveRoom } from "./room.js";
import { RoomList } from "./roomList.js";
import { Store } from "./subscribable.js";
import type { Readable } from "./subscribable.js";
import type { Attachment, AttachmentLink, Member, Page, Room, User } from "./types.js";
import type { Hello, ServerFrame } from "./frames.js";

export interface ChatClientOptions {
  /** Where the server is, for example `https://chat.example.org`; its two doors are derived. */
  url: string;
  auth: Auth;
}

/**
 * Make it once, outside of any framework.
 *
 * @example
 * const chat = createChatClient({ url: location.origin, auth });
 * chat.connect();
 */
export function createChatClient(options: ChatClientOptions): ChatClient {
  return new ChatClient(options);
}

export class ChatClient {
  readonly me: Readable<User | null>;
  readonly connection: Readable<ConnectionState>;
  readonly rooms: RoomList;
  readonly blocks: Blocks;
  readonly directory: Directory;
  /** For everything this SDK has no word for yet. */
  readonly rest: Rest;
  readonly #me = new Store<User | null>(null);
  readonly #url: string;
  readonly #auth: Auth;
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #open: OpenRooms;

  constructor({ url, auth }: ChatClientOptions) {
    this.#url = url;
    this.#auth = auth;
    this.rest = new Rest(`${url}/api/v1`, auth);
    this.rooms = new RoomList(this.rest, () => this.#me.snapshot()?.id);
    this.directory = new Directory(this.rest);
    this.blocks = new Blocks(this.rest);
    this.#connection = new Connection({
      openSocket: (ticket) => new WebSocket(socketUrl(url, ticket)),
      getTicket: (fresh) => this.#getTicket(fresh),
      opened: (hello) => this.#opened(hello),
      frame: (frame) => this.#receive(frame),
      lost: () => this.#lost(),
    });
    this.#requests = new Requests(this.#connection.send);
    this.#open = new OpenRooms({
      request: this.#requests.request,
      history: (room, before) => this.#history(room, before),
      blocked: this.blocks.ids.snapshot,
      members: (room) => this.#members(room),
      subscribed: (room, headSeq) => this.rooms.subscribed(room, headSeq),
      isMine: (message) => message.sender?.id === this.#me.snapshot()?.id,
    });
    this.blocks.ids.subscribe(() => this.#open.hide(this.blocks.ids.snapshot()));
    this.me = this.#me;
    this.connection = this.#connection.state;
  }

  /** Never throws; watch `connection`. */
  connect(): void {
    this.#connection.connect();
  }

  retryNow(): void {
    this.#connection.retryNow();
  }

  /** Forgets everything: the next one to connect may be somebody else. */
  close(): void {
    this.#connection.close();
    this.#open.clear();
    this.rooms.clear();
    this.blocks.clear();
    this.directory.clear();
    this.#me.set(null);
  }

  room(id: string): LiveRoom {
    return this.#open.get(id);
  }

  /** Puts a file into a room; send its id in a message of that room, within a day. */
  async upload(room: string, file: File): Promise<Attachment> {
    const form = new FormData();
    form.append("file", file);
    return (await this.rest.post(`rooms/${room}/attachments`, form)) as Attachment;
  }

  /** For `<img src>`, which sends no token: addresses that are good for some minutes. */
  async link(attachment: string): Promise<AttachmentLink> {
    const link = (await this.rest.post(`attachments/${attachment}/link`)) as AttachmentLink;
    const { url, thumbnail_url } = link;
    const absolute = (path: string) => new URL(path, `${this.#url}/`).href;
    return {
      ...link,
      url: absolute(url),
      thumbnail_url: thumbnail_url === null ? null : absolute(thumbnail_url),
    };
  }

  async #getTicket(fresh: boolean): Promise<string> {
    if (fresh) await this.#auth.getToken({ fresh });
    const { ticket } = (await this.rest.post("auth/ticket")) as { ticket: string };
    return ticket;
  }

  async #history(room: string, before: number | undefined): Promise<Page> {
    const cursor = before === undefined ? "" : `&before=${before}`;
    return (await this.rest.get(`rooms/${room}/messages?limit=50${cursor}`)) as Page;
  }

  async #members(room: string): Promise<Member[]> {
    const { members } = (await this.rest.get(`rooms/${room}/members`)) as { members: Member[] };
    return members;
  }

  #opened(hello: Hello): void {
    this.#me.set(hello.user);
    void this.blocks.load();
    this.#open.subscribeAll();
    void this.#loadRooms();
  }

  async #loadRooms(): Promise<void> {
    await this.rooms.load();
    this.#open.follow((this.rooms.mine.snapshot() ?? []).map((room) => room.id));
    // What happened to the directory while we were away was told to nobody.
    if (this.directory.rooms.snapshot()) await this.directory.reload().catch(() => undefined);
  }

  #lost(): void {
    this.#requests.failAll();
    this.#open.disconnected();
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "reply":
      case "error":
        return this.#requests.settle(frame);
      case "message.created":
      case "message.updated":
      case "message.deleted":
      case "room.changes":
        this.rooms.heard(frame);
        return this.#open.receive(frame);
      case "blocks.changed":
        return this.blocks.changed(frame.blocked);
      case "member.joined":
      case "member.updated":
      case "member.left":
        return this.#open.memberChanged(frame);
      case "presence.changed":
        return this.#open.seen(frame.user, frame.online);
      case "read.updated":
        return this.rooms.markRead(frame.room, frame);
      case "room.added":
        this.rooms.add(frame.room);
        return this.#open.follow([frame.room.id]);
      case "room.created":
      case "room.updated":
        return this.#roomChanged(frame.room);
      case "room.deleted":
        this.directory.remove(frame.room);
        return this.#roomLost(frame.room);
      case "room.removed":
        return this.#roomLost(frame.room);
      case "room.reset":
        return this.#open.reset(frame.room);
      case "token.expiring":
        return void this.#refreshConnection();
      default: // A newer server may say more than we know.
    }
  }

  #roomChanged(room: Room): void {
    this.rooms.change(room);
    if (room.kind === "public") this.directory.change(room);
  }

  #roomLost(id: string): void {
    this.rooms.remove(id);
    this.#open.remove(id);
  }

  /** Keeps the socket open past the end of its token. */
  async #refreshConnection(): Promise<void> {
    try {
      const token = await this.#auth.getToken({ fresh: true });
      await this.#requests.request({ type: "auth.refresh", token });
    } catch {
      // Then the server ends the connection, and the next one starts with new tokens.
    }
  }
}

function socketUrl(url: string, ticket: string): string {
  return `${url.replace(/^http/, "ws")}/ws/v1?token=${encodeURIComponent(ticket)}`;
}
