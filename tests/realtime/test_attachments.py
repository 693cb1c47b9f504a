"""Files through real servers: uploaded, seen on another socket, opened, deleted."""

import io
import secrets

import requests
from PIL import Image

from core.limits.table import LIMITS
from tests.pictures import SECRET, png, telling
from tests.served import Deployment, Process
from tests.sockets import Socket, chatting

from .conftest import NewDeployment, Scene


def upload(process: Process, scene: Scene, content: bytes, name: str = "x.png") -> str:
    path = f"rooms/{scene.room}/attachments"
    answer = process.upload(path, scene.alice, name, content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def send(socket: Socket, room: str, *files: str) -> dict[str, object]:
    command = {"type": "message.send", "room": room, "body": ""}
    key = secrets.token_hex(4)
    return await socket.ask(**command, client_id=key, attachments=list(files))


def count(deployment: Deployment) -> int:
    return len(list((deployment.directory / "files" / "attachments").iterdir()))


async def test_a_picture_is_sent_seen_by_another_member_and_deleted(
    deployment: Deployment, process: Process, scene: Scene
) -> None:
    file = upload(process, scene, telling("JPEG"))
    before = count(deployment)
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await bob.subscribe(scene.room)
        reply = await send(alice, scene.room, file)
        message = (await bob.expect("message.created"))["message"]
        assert reply["message"] == message
        [attachment] = message["attachments"]
        assert (attachment["id"], attachment["width"]) == (file, 8)
        path = f"attachments/{file}"
        got = process.call("GET", path, scene.bob)
        assert got.headers["Content-Type"] == "image/jpeg"
        assert SECRET not in got.content
        assert Image.open(io.BytesIO(got.content)).size == (8, 4)
        link = process.call("POST", f"{path}/link", scene.bob).json()
        assert process.call("GET", link["url"].removeprefix("/api/v1/")).ok
        assert process.call("GET", path, scene.charlie).status_code == 404
        await alice.ask(type="message.delete", room=scene.room, seq=message["seq"])
        deleted = await bob.expect("message.deleted")
        assert deleted["message"]["attachments"] == []
        assert process.call("GET", path, scene.bob).status_code == 404
        gone = process.call("GET", link["url"].removeprefix("/api/v1/"))
        assert gone.status_code == 404
    assert count(deployment) == before - 2
    signature = link["url"].partition("=")[2]
    assert signature
    assert signature not in process.log.read_text()


async def test_a_member_who_was_away_gets_the_files_on_resuming(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.alice)) as alice:
        file = upload(process, scene, b"hello", "a.txt")
        sent = await send(alice, scene.room, file)
        again = await send(alice, scene.room, file)
        assert (again["code"], list(again["fields"])) == ("invalid", ["attachments"])  # type: ignore[call-overload]  # fields
    async with chatting(process.socket_url(scene.bob)) as bob:
        caught_up = await bob.subscribe(scene.room, after=2)
        history = await bob.ask(type="history", room=scene.room)
    assert caught_up["messages"] == [sent["message"]]
    assert history["messages"][-1] == sent["message"]


async def test_a_file_is_sent_in_a_direct_room(process: Process, scene: Scene) -> None:
    me = process.call("GET", "me", scene.bob).json()["id"]
    room = process.call("POST", "direct", scene.alice, {"user": me}).json()["id"]
    path = f"rooms/{room}/attachments"
    file = process.upload(path, scene.alice, "a.txt", b"hello").json()["id"]
    command = {"type": "direct.send", "to": me, "client_id": file, "body": ""}
    async with chatting(process.socket_url(scene.alice)) as alice:
        reply = await alice.ask(**command, attachments=[file])
    assert [a["id"] for a in reply["message"]["attachments"]] == [file]
    assert process.call("GET", f"attachments/{file}", scene.bob).content == b"hello"


def test_a_large_file_arrives_whole(process: Process, scene: Scene) -> None:
    content = b"".join(b"%7d\n" % n for n in range(LIMITS.attachment_bytes // 8))
    file = upload(process, scene, content, "numbers.txt")
    got = process.call("GET", f"attachments/{file}", scene.alice)
    assert got.headers["Content-Length"] == str(len(content))
    assert got.headers["Content-Disposition"] == 'attachment; filename="numbers.txt"'
    assert got.content == content


def test_a_file_over_the_limit_is_too_long(process: Process, scene: Scene) -> None:
    path = f"rooms/{scene.room}/attachments"
    content = b"x" * (LIMITS.attachment_bytes + 1024 * 1024)
    answer = process.upload(path, scene.alice, "a.txt", content)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")
    # The same holds at other addresses, and the connection stays usable.
    with requests.Session() as session:
        url = f"{process.url}/api/v1/auth/login"
        too_long = session.post(url, data=content * 3, timeout=20)
        assert too_long.json()["code"] in {"too_long", "unsupported_media_type"}
        assert session.get(f"{process.url}/api/v1/limits", timeout=10).ok


def test_an_upload_over_the_limit_is_cut_off_before_it_fills_the_disk(
    embedded: NewDeployment,
) -> None:
    """The limit is smaller than the default, and the body does not say its length."""
    deployment = embedded(LIMIT_ATTACHMENT_BYTES="1000")
    [person] = deployment.people(1)
    with deployment.serving() as process:
        limits = process.call("GET", "limits").json()
        assert limits["attachment_bytes"] == 1000
        path = f"rooms/{person.room}/attachments"
        answer = process.upload(path, person.token, "a.txt", b"x" * 1001)
        assert answer.json()["code"] == "too_long"
        answer = process.upload(path, person.token, "a.txt", b"x" * 1000)
        assert answer.status_code == 201
        before = _written(process)
        endless = requests.post(
            f"{process.url}/api/v1/{path}",
            data=(b"x" * 65_536 for _ in range(800)),
            headers={
                "Authorization": f"Bearer {person.token}",
                "Content-Type": "multipart/form-data; boundary=x",
            },
            timeout=30,
        )
        assert endless.status_code == 413
        assert _written(process) - before < 10_000_000


def _written(process: Process) -> int:
    """The bytes that the process has written so far, to files and to sockets."""
    with open(f"/proc/{process.popen.pid}/io") as file:
        counts = dict(line.split(": ") for line in file.read().splitlines())
    return int(counts["wchar"])


def test_the_picture_of_a_room_is_announced_and_open_to_everybody(
    process: Process, scene: Scene
) -> None:
    path = f"rooms/{scene.room}/avatar"
    answer = process.upload(path, scene.alice, "a.png", png(), method="PUT")
    avatar = answer.json()["avatar"]
    got = requests.get(process.url + avatar, timeout=10)
    assert Image.open(io.BytesIO(got.content)).size == (256, 256)
    assert "immutable" in got.headers["Cache-Control"]
    log = process.call("GET", f"rooms/{scene.room}/messages", scene.bob).json()
    assert log["messages"][-1]["event"]["avatar"] == avatar
    assert process.call("DELETE", path, scene.alice).ok
    assert requests.get(process.url + avatar, timeout=10).status_code == 404
