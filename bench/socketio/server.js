// Socket.IO as its guide shows it: rooms, and an event to everybody in one. It stores
// nothing and checks nobody. The event has the fields of Hubbub's `message.created`, so
// that both write as many bytes.
import { createServer } from "node:http";
import { Server } from "socket.io";

const [port] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });
const heads = new Map();

const id = (n) => `01930000-0000-7000-8000-${String(n).padStart(12, "0")}`;

function event(room, sender, body) {
  const seq = (heads.get(room) ?? 0) + 1;
  heads.set(room, seq);
  return {
    type: "message.created",
    room: id(room.length),
    seq,
    message: {
      room: id(room.length),
      seq,
      rev: seq,
      kind: "user",
      level: "normal",
      sender: {
        id: id(1),
        username: sender,
        display_name: `Person ${sender}`,
        avatar: null,
        is_bot: false,
      },
      body,
      client_id: `0123456789abcdef-${seq}`,
      reply_to: null,
      mentions: [],
      reactions: [],
      attachments: [],
      event: null,
      created_at: new Date().toISOString(),
      edited_at: null,
      deleted_at: null,
      pinned_at: null,
    },
  };
}

io.on("connection", (socket) => {
  socket.on("join", (room) => {
    socket.data.room = room;
    socket.join(room);
    socket.emit("joined", room);
  });
  socket.on("send", (body) => {
    const { room } = socket.data;
    io.to(room).emit("message", event(room, socket.id, body));
  });
});

http.listen({ port: Number(port), host: "127.0.0.1", backlog: 2048 });
