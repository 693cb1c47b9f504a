"""`manage.py listen`: log in and print a room's messages, as any client gets them."""

import asyncio
import getpass
import json
import sys
import urllib.error
import urllib.request
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError
from websockets.asyncio.client import ClientConnection, connect


class Command(BaseCommand):
    help = "Print the messages of a room as they arrive. Ctrl+C ends it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000")
        parser.add_argument("--user", required=True)
        parser.add_argument("--password", help="Asked for when it is not given")
        parser.add_argument("--room", default="general", help="A name or an id")

    def handle(self, *args: Any, **options: Any) -> None:
        password = options["password"] or getpass.getpass()
        api = options["url"].rstrip("/") + "/api/v1"
        login = {"username": options["user"], "password": password}
        token = _call(api, "/auth/login", body=login)["access"]
        wanted, rooms = options["room"], _call(api, "/rooms", token=token)["rooms"]
        room = next((r for r in rooms if wanted in (r["name"], r["id"])), None)
        if room is None:
            raise CommandError(f"You are in no room called {wanted!r}.")
        ticket = _call(api, "/auth/ticket", body={}, token=token)["ticket"]
        parts = urlsplit(options["url"])
        scheme = "wss" if parts.scheme == "https" else "ws"
        url = f"{scheme}://{parts.netloc}/ws/v1?token={ticket}"
        try:
            asyncio.run(_listen(url, room["id"]))
        except KeyboardInterrupt:
            sys.exit(130)


def _call(api: str, path: str, *, body: Any = None, token: str = "") -> Any:
    request = urllib.request.Request(
        api + path, data=None if body is None else json.dumps(body).encode()
    )
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise CommandError(json.load(error)["detail"]) from None
    except urllib.error.URLError as error:
        raise CommandError(f"{api} does not answer: {error.reason}") from None


async def _listen(url: str, room: str) -> None:
    async with connect(url) as socket:
        subscribe = {"type": "subscribe", "ref": 1, "rooms": [{"room": room}]}
        await socket.send(json.dumps(subscribe))
        async for text in socket:
            await _heard(socket, json.loads(text))


async def _heard(socket: ClientConnection, frame: Any) -> None:
    match frame["type"]:
        case "ping":
            await socket.send(json.dumps({"type": "pong", "n": frame["n"]}))
        case "reply":
            print("Listening. Ctrl+C ends it.", file=sys.stderr, flush=True)
        case "message.created":
            _show(frame["message"])
        case "room.changes":
            for message in frame["messages"]:
                _show(message)
        case "bye":
            print(f"The server said bye: {frame['reason']}", file=sys.stderr)


def _show(message: Any) -> None:
    sender = message["sender"]["display_name"] if message["sender"] else "somebody"
    text = message["body"] or message.get("event", {}).get("type", "")
    print(f"{message['seq']:>5}  {sender}: {text}", flush=True)
