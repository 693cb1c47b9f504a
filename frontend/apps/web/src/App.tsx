/** The page: log in, or chat. */
import { ChatPage } from "./features/rooms/ChatPage";
import { LoginPage } from "./features/session/LoginPage";
import { useReadable } from "./hooks/useReadable";
import { auth } from "./session";

export function App() {
  return useReadable(auth.signedIn) ? <ChatPage /> : <LoginPage />;
}
