/**
 * Keeps an access token that is good, refreshing it before it ends. One rule: a refresh token is
 * used once, so there is never more than one refresh under way.
 */
import { ChatError, isSignedOut } from "./errors.js";
import type { TokenStorage } from "./storage.js";
import { Store } from "./subscribable.js";
import type { TokenPair } from "./types.js";

/** A token that ends sooner than this is not worth sending. */
const MARGIN_MS = 30_000;

export class Tokens {
  readonly present: Store<boolean>;
  readonly #storage: TokenStorage;
  readonly #rotate: (refresh: string) => Promise<TokenPair>;
  #refreshing: Promise<string> | null = null;

  constructor(storage: TokenStorage, rotate: (refresh: string) => Promise<TokenPair>) {
    this.#storage = storage;
    this.#rotate = rotate;
    this.present = new Store(storage.load() !== null);
  }

  async get({ fresh = false } = {}): Promise<string> {
    const tokens = this.#storage.load();
    if (!tokens) throw signedOut();
    if (!fresh && tokens.expiresAt - Date.now() > MARGIN_MS) return tokens.access;
    this.#refreshing ??= this.#refresh(tokens.refresh).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  keep({ access, refresh }: TokenPair): void {
    this.#storage.save({ access, refresh, expiresAt: Date.now() + lifetimeMs(access) });
    this.present.set(true);
  }

  forget(): void {
    this.#storage.save(null);
    this.present.set(false);
  }

  async #refresh(refresh: string): Promise<string> {
    try {
      const pair = await this.#rotate(refresh);
      // Logged out while the answer was on its way: it must not bring the session back.
      if (!this.#storage.load()) throw signedOut();
      this.keep(pair);
      return pair.access;
    } catch (error) {
      if (isSignedOut(error)) return this.#refused(refresh);
      throw error;
    }
  }

  #refused(refresh: string): string {
    const now = this.#storage.load();
    // Another tab was quicker: its pair is the good one.
    if (now && now.refresh !== refresh) return now.access;
    this.forget();
    throw signedOut();
  }
}

function signedOut(): ChatError {
  return new ChatError("unauthorized", "You are not logged in.");
}

/** How long the token lives, from its own two times: this device's clock may be wrong. */
function lifetimeMs(token: string): number {
  const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const { iat, exp } = JSON.parse(atob(payload)) as { iat?: number; exp: number };
  return exp * 1000 - (iat === undefined ? Date.now() : iat * 1000);
}
