/** Files: uploaded over REST, sent by id, shown by a link. */
import { expect, test, vi } from "vitest";
import { answers, connected, FakeSocket, settle, useFakeServer } from "./fakes.js";

useFakeServer();

const file = () => new File(["hello"], "a.txt");

test("a file goes to its room as a form", async () => {
  const chat = await connected();
  let sent: unknown;
  answers["rooms/r1/attachments"] = (body) => {
    sent = (body as FormData).get("file");
    return { status: 201, body: { id: "f1", name: "a.txt" } };
  };
  expect(await chat.upload("r1", file())).toMatchObject({ id: "f1" });
  expect((sent as File).name).toBe("a.txt");
  expect(await (sent as File).text()).toBe("hello");
});

test("the browser names the type of a form, with its boundary", async () => {
  const chat = await connected();
  answers["rooms/r1/attachments"] = () => ({ status: 201, body: { id: "f1" } });
  const spy = vi.spyOn(globalThis, "fetch");
  await chat.upload("r1", file());
  const headers = spy.mock.calls[0]?.[1]?.headers;
  expect(headers).toMatchObject({ Authorization: "Bearer access" });
  expect(headers).not.toHaveProperty("Content-Type");
});

test("a refused file is a ChatError", async () => {
  const chat = await connected();
  answers["rooms/r1/attachments"] = () => ({ status: 413, body: { code: "too_long", detail: "" } });
  await expect(chat.upload("r1", file())).rejects.toMatchObject({ code: "too_long" });
});

test("its id goes with a message, and a plain message has none", async () => {
  const room = (await connected()).room("r1");
  room.open();
  await FakeSocket.last.subscribed({});
  const pending = room.send("", ["f1"]);
  expect(pending.attachments).toEqual(["f1"]);
  expect(FakeSocket.last.commands("message.send")).toMatchObject([
    { room: "r1", body: "", attachments: ["f1"] },
  ]);
  room.discard(pending.clientId);
  await FakeSocket.last.refuse("message.send", { code: "invalid", detail: "" });
  room.send("plain");
  await settle();
  expect(FakeSocket.last.commands("message.send").at(-1)).not.toHaveProperty("attachments");
});

test("a link is an address that a page can show", async () => {
  const chat = await connected();
  const url = "/api/v1/attachments/f1?signature=s";
  answers["attachments/f1/link"] = () => ({
    status: 201,
    body: { url, thumbnail_url: null, expires_in: 300 },
  });
  expect(await chat.link("f1")).toEqual({
    url: `http://chat.test${url}`,
    thumbnail_url: null,
    expires_in: 300,
  });
});
