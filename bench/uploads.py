"""Uploads hostile pictures, evenly over a time, each from a network of its own.

The uploads and the look at the server's memory have a process of their own, so that
their cost does not count as something that other people notice.
"""

import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context

import msgspec
import psutil
import requests

from bench.hostile import corpus
from bench.people import Person
from bench.target import Target

_AT_ONCE = 100
_TIMEOUT_SECONDS = 120
_LOOK_SECONDS = 0.05

Answers = dict[str, Counter[str]]
_pictures: list[tuple[str, bytes]] = []


class Peaks(msgspec.Struct):
    """The largest resident sizes of the server, and of all its decoders together."""

    server: int = 0
    decoders: int = 0
    decoders_at_once: int = 0

    def look(self, server: psutil.Process) -> None:
        self.server = max(self.server, server.memory_info().rss)
        sizes = []
        for child in server.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                sizes.append(child.memory_info().rss)
        self.decoders = max(self.decoders, sum(sizes))
        self.decoders_at_once = max(self.decoders_at_once, len(sizes))


def uploader() -> ProcessPoolExecutor:
    """A pool of one process, for `prepare` and `upload`."""
    context = get_context("spawn")
    # Real uploaders have other machines. Here they take the CPU that others leave.
    return ProcessPoolExecutor(1, context, initializer=os.nice, initargs=(19,))


def prepare() -> int:
    """Make the pictures, before any measuring. Returns how many kinds there are."""
    _pictures.extend(corpus())
    return len(_pictures)


def upload(
    target: Target, people: Sequence[Person], count: int, seconds: float
) -> tuple[Answers, Peaks]:
    """Upload `count` pictures. Returns the answers by kind, and the peaks."""
    peaks, is_over = Peaks(), threading.Event()
    watch = threading.Thread(target=_watch, args=(target.pid, peaks, is_over))
    watch.start()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = _ask(pool, target, people, count, seconds)
    is_over.set()
    watch.join()
    answers: Answers = {}
    for kind, answer in asked:
        answers.setdefault(kind, Counter())[answer.result()] += 1
    return answers, peaks


def _ask(
    pool: ThreadPoolExecutor,
    target: Target,
    people: Sequence[Person],
    count: int,
    seconds: float,
) -> "list[tuple[str, Future[str]]]":
    started, asked = time.monotonic(), []
    turns = zip(range(count), itertools.cycle(_pictures), itertools.cycle(people))
    for number, (kind, content), person in turns:
        due = started + number * seconds / count
        time.sleep(max(0.0, due - time.monotonic()))
        address = f"10.9.{number // 250}.{number % 250 + 1}"
        asked.append((kind, pool.submit(_upload, target, person, content, address)))
    return asked


def _watch(pid: int, peaks: Peaks, is_over: threading.Event) -> None:
    server = psutil.Process(pid)
    while not is_over.wait(_LOOK_SECONDS):
        peaks.look(server)


def _upload(target: Target, person: Person, content: bytes, address: str) -> str:
    """Upload one picture. Returns the status, with the code of a refusal."""
    answer = requests.post(
        f"http://{target.host}:{target.port}/api/v1/rooms/{person.room}/attachments",
        files={"file": ("picture", content)},
        headers={"Authorization": f"Bearer {person.token}", "X-Forwarded-For": address},
        timeout=_TIMEOUT_SECONDS,
    )
    return f"{answer.status_code} {answer.json().get('code', '')}".strip()
