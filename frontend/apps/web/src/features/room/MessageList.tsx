/** The messages of the open room, oldest first. One rule: who reads further up is left in peace. */
import type { LiveRoom, RoomState } from "@hubbub/client";
import { useMemo } from "react";
import { useReadable } from "../../hooks/useReadable";
import { chat } from "../../session";
import { MessageItem } from "./MessageItem";
import { Notice } from "./Notice";
import { toRows } from "./rows";
import type { Row } from "./rows";
import { dayName } from "./times";
import { useScroll } from "./useScroll";

interface MessageListProps {
  live: LiveRoom;
  state: RoomState;
}

export function MessageList({ live, state }: MessageListProps) {
  const me = useReadable(chat.me);
  const { messages, pending, hasOlder, error } = state;
  const rows = useMemo(() => toRows(messages, pending, me), [messages, pending, me]);
  const loadOlder = () => void live.loadOlder();
  const { box, list, isAtBottom, onScroll, toBottom } = useScroll({
    rows,
    // After a failure the button decides: scrolling would only repeat it.
    onNearTop: hasOlder && !error ? loadOlder : null,
  });

  return (
    <div className="messages">
      {/* Without it, Safari offers no way to scroll by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroller" ref={box} onScroll={onScroll} tabIndex={0}>
        <div className="history-start">
          {hasOlder ? (
            <button className="small" onClick={loadOlder}>
              Load older messages
            </button>
          ) : (
            <p className="quiet">This is where the room begins.</p>
          )}
          {error && <p className="error">{error.message}</p>}
        </div>
        {/* The role is repeated because Safari forgets it when a list has no bullets. */}
        {/* eslint-disable-next-line jsx-a11y/no-redundant-roles */}
        <ul role="list" aria-label="Messages" ref={list}>
          {rows.map((row) => (
            <RowItem key={row.key} row={row} live={live} />
          ))}
        </ul>
      </div>
      {!isAtBottom && (
        <button className="to-bottom" onClick={toBottom}>
          Jump to latest ↓
        </button>
      )}
    </div>
  );
}

function RowItem({ row, live }: { row: Row; live: LiveRoom }) {
  switch (row.kind) {
    case "message":
      return <MessageItem row={row} live={live} />;
    case "notice":
      return <Notice message={row.message} />;
    case "day":
      return (
        <li className="day">
          <span>{dayName(row.date)}</span>
        </li>
      );
  }
}
