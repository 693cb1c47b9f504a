/**
 * Where the tokens are kept. One rule: it is read each time and never copied, so that two tabs
 * always agree on the latest pair.
 */
import type { TokenPair } from "./types.js";

export interface StoredTokens extends TokenPair {
  /** Milliseconds since 1970, by this device's clock. */
  expiresAt: number;
}

export interface TokenStorage {
  load(): StoredTokens | null;
  save(tokens: StoredTokens | null): void;
}

export function localTokens(key = "hubbub.tokens"): TokenStorage {
  return {
    load: () => JSON.parse(localStorage.getItem(key) ?? "null") as StoredTokens | null,
    save: (tokens) => {
      if (tokens) localStorage.setItem(key, JSON.stringify(tokens));
      else localStorage.removeItem(key);
    },
  };
}

export function memoryTokens(): TokenStorage {
  let kept: StoredTokens | null = null;
  return {
    load: () => kept,
    save: (tokens) => {
      kept = tokens;
    },
  };
}
