"""`/pm` and `/me` in message.send, and the events of invitations and levels."""

from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene


async def test_a_private_message_is_answered_as_a_direct_one(
    process: Process, scene: Scene
) -> None:
    name = process.call("GET", "me", scene.bob).json()["username"]
    text = f"/pm {name} hello {scene.room}"
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await bob.subscribe(scene.room)
        reply = await alice.say(scene.room, text, client_id=scene.room)
        assert reply["room"]["kind"] == "direct"
        message = reply["message"]
        assert message["room"] == reply["room"]["id"]
        assert message["body"] == f"hello {scene.room}"
        again = await alice.say(scene.room, text, client_id=scene.room)
        assert (again["message"], again["duplicate"]) == (message, True)
        assert (await alice.say(scene.room, f"/pm {name}"))["fields"] == {
            "body": ["Write /pm name text."]
        }
        assert (await alice.say(scene.room, "/pm nobody x"))["code"] == "user_not_found"
        await bob.subscribe(reply["room"]["id"])
    head = process.call("GET", f"rooms/{scene.room}", scene.alice).json()["head_seq"]
    assert head == scene.head


async def test_a_private_message_needs_the_room_it_is_written_in(
    process: Process, scene: Scene
) -> None:
    name = process.call("GET", "me", scene.bob).json()["username"]
    async with chatting(process.socket_url(scene.charlie)) as charlie:
        refused = await charlie.say(scene.room, f"/pm {name} hello")
        assert refused["code"] == "forbidden"
        refused = await charlie.say("nonsense", f"/pm {name} hello")
        assert refused["code"] == "room_not_found"


async def test_a_me_message_reaches_everybody_as_an_action(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await bob.subscribe(scene.room)
        await alice.say(scene.room, "/me waves")
        heard = (await bob.expect("message.created"))["message"]
        assert (heard["body"], heard["is_action"]) == ("/me waves", True)
        edit = {"type": "message.edit", "room": scene.room, "seq": heard["seq"]}
        await alice.ask(**edit, body="waves")
        assert (await bob.expect("message.updated"))["message"]["is_action"] is False


async def test_an_invited_person_hears_of_the_invitation_and_accepts_it(
    process: Process, scene: Scene
) -> None:
    name = process.call("GET", "me", scene.charlie).json()["username"]
    path = f"rooms/{scene.room}/invitations"
    async with chatting(process.socket_url(scene.charlie)) as charlie:
        made = process.call("POST", path, scene.alice, {"user": name}).json()
        heard = (await charlie.expect("invitation.created"))["invitation"]
        assert (heard["id"], heard["room"]["id"]) == (made["id"], scene.room)
        accept = f"me/invitations/{made['id']}/accept"
        assert process.call("POST", accept, scene.charlie).ok
        over = await charlie.expect("invitation.deleted")
        assert over["invitation"] == made["id"]
        added = await charlie.expect("room.added")
        assert (added["room"]["id"], added["room"]["notify"]) == (scene.room, "all")
        level = {"level": "mentions"}
        process.call("PUT", f"rooms/{scene.room}/notifications", scene.charlie, level)
        added = await charlie.expect("room.added")
        assert added["room"]["notify"] == "mentions"


async def test_the_code_of_an_invitation_is_not_logged(
    process: Process, scene: Scene
) -> None:
    path = f"rooms/{scene.room}/invitations"
    code = process.call("POST", path, scene.alice, {}).json()["code"]
    for known in (code, f"{code}x"):
        process.call("GET", f"invitations/{known}", scene.charlie)
        process.call("POST", f"invitations/{known}/accept", scene.charlie)
    assert code not in process.log.read_text()
