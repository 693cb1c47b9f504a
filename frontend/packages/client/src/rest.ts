/**
 * Door 1: JSON over fetch. One rule: it either answers the parsed body or throws a ChatError.
 */
import { ChatError } from "./errors.js";
import type { WireError } from "./frames.js";

/** Whoever can hand out access tokens; bring your own, or take `passwordAuth`. */
export interface Auth {
  /**
   * An access token that is good now. `fresh`: the present one was refused or is about to end, so
   * get another. Throws a ChatError `unauthorized` when there is none to be had.
   */
  getToken(options?: { fresh?: boolean }): Promise<string>;
}

export interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  body?: unknown;
  token?: string;
}

export async function callJson({ method, url, body, token }: Call): Promise<unknown> {
  // Of a form the browser says the type itself, since it makes up the boundary.
  const isJson = body !== undefined && !(body instanceof FormData);
  const response = await reach(url, {
    method,
    headers: {
      Accept: "application/json",
      ...(isJson && { "Content-Type": "application/json" }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : body }),
  });
  if (!response.ok) throw await refusal(response);
  return response.status === 204 ? null : response.json();
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch {
    throw new ChatError("unavailable", "The server cannot be reached.");
  }
}

async function refusal(response: Response): Promise<ChatError> {
  try {
    return ChatError.fromWire((await response.json()) as WireError, response.status);
  } catch {
    // Not our server's words: a proxy in front of it, most likely because it is down.
    return new ChatError("unavailable", "The server does not answer.", { status: response.status });
  }
}

export class Rest {
  readonly #base: string;
  readonly #auth: Auth;

  constructor(base: string, auth: Auth) {
    this.#base = base;
    this.#auth = auth;
  }

  get(path: string): Promise<unknown> {
    return this.#call({ method: "GET", url: `${this.#base}/${path}` });
  }

  post(path: string, body?: unknown): Promise<unknown> {
    return this.#call({ method: "POST", url: `${this.#base}/${path}`, body });
  }

  put(path: string, body?: unknown): Promise<unknown> {
    return this.#call({ method: "PUT", url: `${this.#base}/${path}`, body });
  }

  delete(path: string): Promise<unknown> {
    return this.#call({ method: "DELETE", url: `${this.#base}/${path}` });
  }

  async #call(call: Call): Promise<unknown> {
    const token = await this.#auth.getToken();
    try {
      return await callJson({ ...call, token });
    } catch (error) {
      if (!(error instanceof ChatError && error.status === 401)) throw error;
      return callJson({ ...call, token: await this.#auth.getToken({ fresh: true }) });
    }
  }
}
