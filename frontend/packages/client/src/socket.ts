/**
 * One WebSocket from its opening to its end: hello, ping, bye, silence. One rule: it ends exactly
 * once, and says why.
 */
import type { Bye, Command, Hello, ServerFrame } from "./frames.js";

/** How long the server may take for the handshake and its hello. */
const HELLO_MS = 10_000;
/** How much later than its heartbeat the server may be before it counts as gone. */
const GRACE_MS = 10_000;

/** What a browser reports when it was not told why; used for silence too. */
const LOST = 1006;

export interface End {
  code: number;
  reason: string;
  /** Seconds, when the server asked for a certain pause. */
  retryAfter?: number;
}

export interface SocketHandlers {
  hello(hello: Hello): void;
  frame(frame: ServerFrame): void;
  end(end: End): void;
}

export class Socket {
  readonly #ws: WebSocket;
  readonly #handlers: SocketHandlers;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #silenceMs = HELLO_MS;
  #bye: Bye | null = null;

  constructor(ws: WebSocket, handlers: SocketHandlers) {
    this.#ws = ws;
    this.#handlers = handlers;
    ws.onmessage = (event) => this.#receive(JSON.parse(String(event.data)) as ServerFrame);
    ws.onclose = (event) => this.#end(event.code, event.reason);
    this.#watch();
  }

  send(command: Command): void {
    this.#ws.send(JSON.stringify(command));
  }

  /** Ends it from our side; nothing is reported afterwards. */
  close(): void {
    clearTimeout(this.#watchdog);
    this.#ws.onmessage = null;
    this.#ws.onclose = null;
    this.#ws.close(1000);
  }

  #receive(frame: ServerFrame): void {
    this.#watch();
    switch (frame.type) {
      case "hello":
        this.#silenceMs = frame.heartbeat * 1000 + GRACE_MS;
        this.#watch();
        this.#handlers.hello(frame);
        break;
      case "ping":
        // Answered here and not by a timer: a background tab's timers are slowed down.
        this.send({ type: "pong", n: frame.n });
        break;
      case "bye":
        this.#bye = frame;
        break;
      default:
        this.#handlers.frame(frame);
    }
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#end(LOST, "silence"), this.#silenceMs);
  }

  #end(code: number, reason: string): void {
    // The browser may take a minute to report a dead socket as closed; nobody waits for that.
    this.close();
    const bye = this.#bye;
    this.#handlers.end({
      code: bye?.code ?? code,
      reason: bye?.reason ?? reason,
      ...(typeof bye?.retry_after === "number" && { retryAfter: bye.retry_after }),
    });
  }
}
