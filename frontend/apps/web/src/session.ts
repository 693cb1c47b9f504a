/**
 * The one client of this page, and when it is connected. One rule: the connection follows the
 * session; nobody else connects or closes.
 */
import { createChatClient, endsSession, passwordAuth } from "@hubbub/client";

const url = location.origin;

export const auth = passwordAuth({ url });
export const chat = createChatClient({ url, auth });

/** Read by the login page, which has to say why it is there. */
export const lastSession = { endedByServer: false };

export function startSession(): void {
  auth.signedIn.subscribe(followSession);
  chat.connection.subscribe(leaveWhenRefused);
  window.addEventListener("online", () => chat.retryNow());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") chat.retryNow();
  });
  followSession();
}

function followSession(): void {
  if (auth.signedIn.snapshot()) {
    lastSession.endedByServer = false;
    chat.connect();
  } else {
    chat.close();
  }
}

function leaveWhenRefused(): void {
  const connection = chat.connection.snapshot();
  if (connection.state !== "closed" || !endsSession(connection.code)) return;
  lastSession.endedByServer = true;
  auth.forget();
}
