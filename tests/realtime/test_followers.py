"""Followers of the log in a served process: they start with it and end with it."""

import sqlite3
import time

import pytest

from tests.served import FILE, Deployment, ServerName

from .conftest import NewDeployment

WAIT_SECONDS = 30


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_a_server_notes_a_mention_and_releases_its_lease_at_the_end(
    embedded: NewDeployment, server: ServerName
) -> None:
    deployment = embedded(server, MENTION_MAILS="on")
    sender, mentioned = deployment.people(2)
    with deployment.serving() as process:
        until_there(deployment, "chat_followerstart")
        body = {"client_id": "1", "body": f"look, @{mentioned.username}"}
        path = f"rooms/{sender.room}/messages"
        assert process.call("POST", path, sender.token, body).status_code == 201
        until_there(deployment, "chat_mentionmail")
        assert count(deployment, "chat_lease WHERE name = 'follower mention mails'")
        process.terminate()
    assert not count(deployment, "chat_lease WHERE name = 'follower mention mails'")


def test_a_server_has_no_followers_unless_they_are_switched_on(
    embedded: NewDeployment,
) -> None:
    deployment = embedded()
    with deployment.serving() as process:
        process.terminate()
    assert not count(deployment, "chat_followerstart")


def until_there(deployment: Deployment, table: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not count(deployment, table):
        assert time.monotonic() < deadline, f"{table} is empty"
        time.sleep(0.1)


def count(deployment: Deployment, table: str) -> int:
    database = sqlite3.connect(deployment.directory / FILE, timeout=10)
    try:
        [(rows,)] = database.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
        return int(rows)
    finally:
        database.close()
