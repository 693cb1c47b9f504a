/**
 * The one error of this SDK. One rule: `code` is for programs and never changes its meaning,
 * the message is for people.
 */
import type { WireError } from "./frames.js";

/** Codes that say "not now": the same request may be made again as it is. */
const TRANSIENT = new Set(["rate_limited", "unavailable", "timeout", "token_expired"]);

interface Extra {
  status?: number;
  /** Seconds. */
  retryAfter?: number;
  fields?: Record<string, string[]>;
}

export class ChatError extends Error {
  override readonly name = "ChatError";
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly fields: Record<string, string[]>;

  constructor(
    readonly code: string,
    detail: string,
    extra: Extra = {},
  ) {
    super(detail);
    this.status = extra.status;
    this.retryAfter = extra.retryAfter;
    this.fields = extra.fields ?? {};
  }

  static fromWire(error: WireError, status?: number): ChatError {
    return new ChatError(error.code, error.detail, {
      ...(status !== undefined && { status }),
      ...(error.retry_after !== undefined && { retryAfter: error.retry_after }),
      ...(error.fields && { fields: error.fields }),
    });
  }
}

export function asChatError(error: unknown): ChatError {
  return error instanceof ChatError ? error : new ChatError("internal", String(error));
}

export function isTransient(error: unknown): boolean {
  return error instanceof ChatError && TRANSIENT.has(error.code);
}

/** The server does not take our tokens any more, and asking again will not change that. */
export function isSignedOut(error: unknown): boolean {
  if (!(error instanceof ChatError)) return false;
  return error.code === "unauthorized" || error.status === 401 || error.status === 403;
}
