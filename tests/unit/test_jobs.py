"""Work that is done later: each kind by its own threads, and no more than may wait."""

import logging
import threading
from functools import partial

import pytest

from core.jobs import Worker, start


def test_a_mail_that_hangs_holds_up_mails_alone() -> None:
    """Ten more of each kind: none of the other kind waits."""
    mails, others = Worker("mail", threads=1, most=20), Worker("others", threads=3)
    hangs, done = threading.Event(), threading.Semaphore(0)
    for _ in range(10):
        start(partial(_hang, hangs), mails)
    for _ in range(10):
        start(done.release, others)
    try:
        assert all(done.acquire(timeout=5) for _ in range(10))
    finally:
        hangs.set()


def _hang(event: threading.Event) -> None:
    event.wait(20)


def test_a_job_that_finds_the_queue_full_is_dropped_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = Worker("mail", threads=0, most=2)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            start(lambda: None, worker)
    assert worker.is_full
    assert [record.getMessage() for record in caplog.records] == [
        "too much mail work waits: a job was dropped"
    ]


def test_a_job_that_fails_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker("mail", threads=1)
    done = threading.Event()

    def fail() -> None:
        raise RuntimeError("with the text of somebody")

    with caplog.at_level(logging.WARNING):
        start(fail, worker)
        start(done.set, worker)
        assert done.wait(5)
    assert [record.getMessage() for record in caplog.records] == [
        "mail failed: RuntimeError"
    ]
