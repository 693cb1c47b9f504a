/** The page: what a mailed link opens, log in, or chat. */
import { ChatPage } from "./features/rooms/ChatPage";
import { LoginPage } from "./features/session/LoginPage";
import { MailedPage } from "./features/session/MailedPage";
import { useReadable } from "./hooks/useReadable";
import { goTo, listPath, useMailed } from "./hooks/useRoute";
import { auth } from "./session";

export function App() {
  const mailed = useMailed();
  const signedIn = useReadable(auth.signedIn);
  if (mailed) return <MailedPage mailed={mailed} onDone={() => goTo(listPath)} />;
  return signedIn ? <ChatPage /> : <LoginPage />;
}
