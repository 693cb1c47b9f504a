/**
 * Turns a room's messages into the rows of the list: days, notices, messages. One rule: a row's key
 * stays the same when a pending message is confirmed, so that nothing on the page jumps.
 */
import type { Message, PendingMessage, User } from "@hubbub/client";

const GROUP_MS = 5 * 60_000;

export interface MessageRow {
  kind: "message";
  key: string;
  author: User | null;
  body: string;
  /** "/me waves": shown as "* Alice waves". */
  isAction: boolean;
  createdAt: string;
  isEdited: boolean;
  isDeleted: boolean;
  /** Follows the same author's last one closely: the name need not be repeated. */
  isGrouped: boolean;
  pending: PendingMessage | null;
}

export interface NoticeRow {
  kind: "notice";
  key: string;
  createdAt: string;
  message: Message;
}

export type Row = MessageRow | NoticeRow | { kind: "day"; key: string; date: string };

export function toRows(
  messages: readonly Message[],
  pending: readonly PendingMessage[],
  me: User | null,
): Row[] {
  const rows: Row[] = [];
  let lastDate = "";
  for (const row of entries(messages, pending, me)) {
    const date = new Date(row.createdAt).toDateString();
    // Named after the row it stands above: with a wrong clock the same day may come twice.
    if (date !== lastDate) rows.push({ kind: "day", key: `day ${row.key}`, date });
    lastDate = date;
    rows.push(row.kind === "message" ? { ...row, isGrouped: follows(row, rows.at(-1)) } : row);
  }
  return rows;
}

function entries(
  messages: readonly Message[],
  pending: readonly PendingMessage[],
  me: User | null,
): (MessageRow | NoticeRow)[] {
  return [
    ...messages.map((message) =>
      message.kind === "user" ? fromMessage(message, me) : fromNotice(message),
    ),
    ...pending.map((item) => fromPending(item, me)),
  ];
}

function follows(row: MessageRow, last: Row | undefined): boolean {
  return (
    last?.kind === "message" &&
    last.author?.id === row.author?.id &&
    Date.parse(row.createdAt) - Date.parse(last.createdAt) < GROUP_MS
  );
}

function fromNotice(message: Message): NoticeRow {
  return { kind: "notice", key: String(message.seq), createdAt: message.created_at, message };
}

function fromMessage(message: Message, me: User | null): MessageRow {
  // Only my own client ids are unique here: others choose theirs, and could choose mine.
  const isMine = message.sender !== null && message.sender.id === me?.id;
  return {
    kind: "message",
    key: (isMine && message.client_id) || String(message.seq),
    author: message.sender,
    body: message.body,
    isAction: message.is_action,
    createdAt: message.created_at,
    isEdited: message.edited_at !== null,
    isDeleted: message.deleted_at !== null,
    isGrouped: false,
    pending: null,
  };
}

function fromPending(pending: PendingMessage, me: User | null): MessageRow {
  return {
    kind: "message",
    key: pending.clientId,
    author: me,
    body: pending.body,
    isAction: false,
    createdAt: pending.createdAt,
    isEdited: false,
    isDeleted: false,
    isGrouped: false,
    pending,
  };
}
