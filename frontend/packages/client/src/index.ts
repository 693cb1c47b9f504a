/** The public surface of @hubbub/client. One rule: what is not named here may change at any time. */
export { passwordAuth } from "./auth.js";
export type { Credentials, PasswordAuth } from "./auth.js";
export type { Blocks } from "./blocks.js";
export { ChatClient, createChatClient } from "./client.js";
export type { ChatClientOptions } from "./client.js";
export { endsSession } from "./closeCodes.js";
export type { ConnectionState } from "./connection.js";
export type { Directory } from "./directory.js";
export { asChatError, ChatError } from "./errors.js";
export type { PendingMessage } from "./outbox.js";
export type { RoomPeople } from "./people.js";
export type { Auth, Rest } from "./rest.js";
export type { LiveRoom, RoomState } from "./room.js";
export type { RoomList } from "./roomList.js";
export { localTokens, memoryTokens } from "./storage.js";
export type { StoredTokens, TokenStorage } from "./storage.js";
export type { Readable, Unsubscribe } from "./subscribable.js";
export type { ShownMessage } from "./timeline.js";
export { MAX_UNREAD } from "./types.js";
export type {
  Attachment,
  AttachmentLink,
  DirectoryEntry,
  Me,
  Member,
  Message,
  NewRoom,
  Profile,
  Reaction,
  ReadState,
  Role,
  Room,
  RoomKind,
  SystemEvent,
  User,
} from "./types.js";
