/**
 * Login with username and password, for apps that have no login of their own. One rule: the password
 * is sent and forgotten, only tokens are kept.
 */
import { callJson } from "./rest.js";
import type { Auth } from "./rest.js";
import { localTokens } from "./storage.js";
import type { TokenStorage } from "./storage.js";
import type { Readable } from "./subscribable.js";
import { Tokens } from "./tokens.js";
import type { TokenPair } from "./types.js";

export interface PasswordAuth extends Auth {
  readonly signedIn: Readable<boolean>;
  login(credentials: Credentials): Promise<void>;
  register(credentials: Credentials): Promise<void>;
  logout(): Promise<void>;
  /** Has a link mailed, if somebody has this address; nothing tells whether. */
  askForReset(email: string): Promise<void>;
  /** `token` is what the mailed link has behind `#reset=`. Ends every session. */
  resetPassword(token: string, newPassword: string): Promise<void>;
  /** `token` is what the mailed link has behind `#email=`. */
  confirmEmail(token: string): Promise<void>;
  /** Drops the tokens without telling the server, which has ended the session already. */
  forget(): void;
}

export interface Credentials {
  username: string;
  password: string;
}

/**
 * @example
 * const auth = passwordAuth({ url: location.origin });
 * await auth.login({ username: "alice", password: "…" });
 */
export function passwordAuth(options: { url: string; storage?: TokenStorage }): PasswordAuth {
  const post = (path: string, body?: unknown, token?: string) =>
    callJson({
      method: "POST",
      url: `${options.url}/api/v1/auth/${path}`,
      body,
      ...(token !== undefined && { token }),
    });
  const tokens = new Tokens(
    options.storage ?? localTokens(),
    async (refresh) => (await post("refresh", { refresh })) as TokenPair,
  );
  const enter = async (path: string, { username, password }: Credentials) =>
    tokens.keep((await post(path, { username, password })) as TokenPair);

  return {
    signedIn: tokens.present,
    getToken: (wanted) => tokens.get(wanted),
    login: (credentials) => enter("login", credentials),
    register: (credentials) => enter("register", credentials),
    forget: () => tokens.forget(),
    async askForReset(email) {
      await post("password-reset", { email });
    },
    async resetPassword(token, newPassword) {
      await post("password-reset/confirm", { token, new_password: newPassword });
      tokens.forget();
    },
    async confirmEmail(token) {
      await post("email", { token });
    },
    async logout() {
      try {
        await post("logout", undefined, await tokens.get());
      } catch {
        // Whoever logs out without a network is logged out here all the same.
      }
      tokens.forget();
    },
  };
}
