/** Tells when the server cannot be reached, and offers to try now. */
import { useEffect, useState } from "react";
import { useReadable } from "../../hooks/useReadable";
import { chat } from "../../session";
import { bannerText } from "./bannerText";

const TICK_MS = 500;

export function ConnectionBanner() {
  const { state } = useReadable(chat.connection);
  return <div role="status">{state !== "connected" && <Outage />}</div>;
}

/** Mounted for as long as an outage lasts, so that it knows since when. */
function Outage() {
  const connection = useReadable(chat.connection);
  const [since] = useState(() => Date.now());
  const now = useNow(since);
  const banner = bannerText(connection, now - since, now);
  if (!banner) return null;
  return (
    <div className="banner">
      <span>{banner.text}</span>
      {banner.countdown !== null && (
        // Hidden, or a screen reader would read every second aloud.
        <span aria-hidden="true">Next try in {banner.countdown} s.</span>
      )}
      {connection.state === "waiting" && banner.countdown !== null && (
        <button className="link" onClick={() => chat.retryNow()}>
          Try now
        </button>
      )}
      {connection.state === "closed" && (
        <button className="link" onClick={() => chat.connect()}>
          Reconnect
        </button>
      )}
    </div>
  );
}

function useNow(start: number): number {
  const [now, setNow] = useState(start);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
