/** One message a person wrote. One rule: what people write is text, never HTML. */
import type { LiveRoom, PendingMessage } from "@hubbub/client";
import { Avatar } from "./Avatar";
import { Linkified } from "./Linkified";
import type { MessageRow } from "./rows";
import { clockTime, fullTime } from "./times";

interface MessageItemProps {
  row: MessageRow;
  live: LiveRoom;
}

export function MessageItem({ row, live }: MessageItemProps) {
  const { author, pending, isGrouped } = row;
  return (
    <li
      className="message"
      data-row
      data-grouped={isGrouped}
      data-status={pending?.status ?? "sent"}
    >
      {!isGrouped && <Avatar user={author} />}
      <p className="message-head">
        <bdi className="author">{name(row)}</bdi>{" "}
        <time dateTime={row.createdAt} title={fullTime(row.createdAt)}>
          {clockTime(row.createdAt)}
        </time>
      </p>
      <div className="message-body">
        <Body row={row} />
        {pending?.status === "failed" && <Failure pending={pending} live={live} />}
      </div>
    </li>
  );
}

function name({ author }: MessageRow): string {
  return author?.display_name ?? "Deleted account";
}

function Body({ row }: { row: MessageRow }) {
  if (row.isDeleted) return <p className="quiet">This message was deleted.</p>;
  return (
    <p dir="auto">
      <Linkified text={row.isAction ? `* ${name(row)} ${row.body.slice(4)}` : row.body} />
      {row.isEdited && <small className="quiet"> (edited)</small>}
      {row.pending?.status === "sending" && <small className="sending"> Sending…</small>}
    </p>
  );
}

function Failure({ pending, live }: { pending: PendingMessage; live: LiveRoom }) {
  return (
    <div className="failed" role="alert">
      <span className="error">Not sent. {pending.error?.message}</span>
      <button className="small" onClick={() => live.retry(pending.clientId)}>
        Retry
      </button>
      <button className="small" onClick={() => live.discard(pending.clientId)}>
        Discard
      </button>
    </div>
  );
}
