"""A record is one line of the log, without the text of an exception."""

import asyncio
import gc
import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.log import log_response
from pytest_django import Settings

from backend.logs import described, logging_of
from core import audit

SECRET = "tuba-43-tuba"
Writing = Callable[..., io.StringIO]


@pytest.fixture
def writing() -> Iterator[Writing]:
    """Puts our LOGGING in force, with a stream to read it from."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    levels = {
        name: logging.getLogger(name).level for name in logging_of("", "")["loggers"]
    }

    def begin(level: str = "DEBUG", form: str = "line") -> io.StringIO:
        stream = io.StringIO()
        config = logging_of(level, form)
        config["handlers"]["stderr"]["stream"] = stream
        logging.config.dictConfig(config)
        return stream

    yield begin
    root.handlers[:] = before
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def _fail() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f"no {SECRET}") from error


@pytest.mark.parametrize("form", ["line", "json"])
def test_an_exception_is_logged_as_its_class_and_its_lines(
    writing: Writing, form: str
) -> None:
    written = writing(form=form)
    try:
        _fail()
    except ValueError:
        logging.getLogger("api.x").exception("incident %s", "abcd", stack_info=True)
    [line] = written.getvalue().splitlines()
    assert SECRET not in line
    assert "incident abcd" in line
    assert "ValueError at tests/unit/test_logs.py:" in line
    assert " from KeyError at tests/unit/test_logs.py:" in line


@pytest.mark.django_db
def test_an_error_of_the_database_is_logged_without_the_row(writing: Writing) -> None:
    """PostgreSQL's DETAIL has the values."""
    written = writing()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE once (word varchar(40) UNIQUE)")
        cursor.execute("INSERT INTO once VALUES (%s)", [SECRET])
        try:
            cursor.execute("INSERT INTO once VALUES (%s)", [SECRET])
        except IntegrityError:
            logging.getLogger("chat.x").exception("incident")
    said = written.getvalue()
    assert "IntegrityError at tests/unit/test_logs.py:" in said
    assert " django/db/" in said
    assert SECRET not in said
    if connection.vendor == "postgresql":
        assert "UniqueViolation 23505" in said


def test_queries_are_not_logged(writing: Writing, db: None, settings: object) -> None:
    written = writing()
    connection.force_debug_cursor = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [SECRET])
        assert SECRET in connection.queries[-1]["sql"]
    finally:
        connection.force_debug_cursor = False
    assert written.getvalue() == ""


@pytest.mark.parametrize(
    "name",
    [
        *("websockets.server", "uvicorn.error", "uvicorn.access", "urllib3", "redis"),
        *("daphne.http_protocol", "twisted", "asyncio", "PIL.PngImagePlugin", "boto3"),
        *("django.channels.server", "django.request", "django.db.backends", "botocore"),
    ],
)
def test_libraries_do_not_follow_our_level(writing: Writing, name: str) -> None:
    written = writing()
    logging.getLogger(name).info("GET /?token=%s", SECRET)
    logging.getLogger(name).debug("> TEXT %s", SECRET)
    assert written.getvalue() == ""


async def test_a_task_that_nobody_awaited_is_logged_without_its_arguments(
    writing: Writing,
) -> None:
    written = writing()

    async def work(body: str) -> None:
        raise ValueError(body)

    task = asyncio.create_task(work(SECRET))
    await asyncio.wait([task])
    del task
    gc.collect()
    [line] = written.getvalue().splitlines()
    assert "Task exception was never retrieved" in line
    assert "ValueError at tests/unit/test_logs.py" in line
    assert SECRET not in line


@pytest.mark.parametrize("form", ["line", "json"])
def test_a_request_that_breaks_is_logged_without_its_address(
    writing: Writing, form: str
) -> None:
    """Django has the path in its message, and the whole of it in the request."""
    written = writing(form=form)
    request = RequestFactory().get(f"/{SECRET}?token={SECRET}")
    try:
        _fail()
    except ValueError as error:
        log_response(
            "%s: %s",
            "Internal Server Error",
            request.path,
            response=HttpResponse(status=500),
            request=request,
            exception=error,
        )
    [line] = written.getvalue().splitlines()
    assert "Internal Server Error" in line
    assert "ValueError at tests/unit/test_logs.py:" in line
    assert SECRET not in line


@pytest.mark.parametrize("form", ["line", "json"])
@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("DisallowedHost", {"Host": SECRET}),
        ("DisallowedHost", {"Host": f"{SECRET}:x/y"}),
        ("csrf", {"Origin": f"http://{SECRET}"}),
        ("csrf", {"Cookie": f"csrftoken={SECRET}"}),
    ],
)
def test_a_request_that_django_refuses_is_an_event_without_the_clients_text(
    writing: Writing,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    name: str,
    headers: dict[str, str],
    form: str,
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    monkeypatch.setattr(audit, "REPEAT_SECONDS", 0)
    client = Client(enforce_csrf_checks=True)
    written = writing("ERROR", form)
    assert client.post("/admin/login/", headers=headers).status_code in {400, 403}
    assert SECRET not in written.getvalue()
    [line] = written.getvalue().splitlines()
    assert f"access.refused code={name}" in line
    monkeypatch.setattr(audit, "REPEAT_SECONDS", 60)
    for _ in range(3):
        client.post("/admin/login/", headers=headers)
    assert len(written.getvalue().splitlines()) == 1


def test_a_librarys_warning_comes_once_in_ten_seconds(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvicorn has one for each connection that speaks no HTTP. Ours come each time."""
    written = writing()
    for n in range(5):
        logging.getLogger("uvicorn.error").warning("no HTTP: %s", n)
        logging.getLogger("uvicorn.error").error("our fault")
        logging.getLogger("chat.x").warning("ours")
    said = written.getvalue()
    counts = [said.count(text) for text in ("no HTTP: 0", "no HTTP", "fault", "ours")]
    assert counts == [1, 1, 5, 5]


@pytest.mark.parametrize(
    "said", ["Exception inside application: %s", "Cannot build protocol: %s", "%s"]
)
def test_an_exception_in_daphne_is_logged_without_its_text(
    writing: Writing, said: str
) -> None:
    """It writes them into the message, as arguments or before."""
    written = writing()
    frame = '  File "a.py", line 3, in b'
    text = f"Traceback: {SECRET}\n{frame}\n    c({SECRET})\nValueError: {SECRET}"
    logging.getLogger("daphne.server").error(said, SECRET)
    logging.getLogger("daphne.server").error(said % text)  # noqa: G002  (as daphne)
    assert SECRET not in written.getvalue()
    assert written.getvalue().endswith(frame + "\n")


def test_groups_and_circles_of_exceptions_are_described() -> None:
    one = ValueError(SECRET)
    one.__cause__ = group = ExceptionGroup(SECRET, [KeyError(SECRET)])
    group.__cause__ = one
    assert described(one) == (
        "ValueError at nowhere from ExceptionGroup at nowhere [KeyError at nowhere]"
    )


def test_nobody_forges_a_line(writing: Writing) -> None:
    written = writing()
    logging.getLogger("chat.x").warning("said %s", "a\nb\x1b[2J\u2028c\r")
    [line] = written.getvalue().split("\n")[:-1]
    assert line.endswith(r"said a | b\u001b[2J\u2028c")


def test_a_record_in_json_is_one_object_on_one_line(writing: Writing) -> None:
    written = writing(level="WARNING", form="json")
    logging.getLogger("chat.x").info("unheard")
    logging.getLogger("chat.x").warning("said\n%s", "x", extra={"room": "1"})
    [line] = written.getvalue().splitlines()
    found = json.loads(line)
    time = found.pop("time")
    assert time.startswith("20")
    assert found == {
        "level": "WARNING",
        "logger": "chat.x",
        "message": "said\nx",
        "room": "1",
    }
