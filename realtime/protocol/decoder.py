"""From the text of a frame to a command, or to the refusal that says what is wrong."""

import re

import msgspec

from core.errors import BadFrame, Invalid, Refusal, TooLong, UnknownCommand
from core.limits.table import LIMITS

from .commands import Command


class _TypeAndRef(msgspec.Struct, frozen=True):
    """The part of a refused frame that says which command the error is about."""

    type: str | None = None
    ref: int | None = None


_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_path = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


class BadCommand(Exception):
    """A frame that is no command: the refusal, and the `ref` if it had one."""

    def __init__(self, refusal: Refusal, ref: int | None) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.ref = ref


def decode(text: str) -> Command:
    """The command in a text frame. Raises BadCommand."""
    try:
        frame = text.encode()
        if len(frame) > LIMITS.frame_bytes:
            limit = f"A frame has at most {LIMITS.frame_bytes} bytes."
            raise BadCommand(TooLong(limit), None)
        return _decoder.decode(frame)
    except msgspec.ValidationError as error:
        raise _explained(text, str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadCommand(BadFrame(), None) from None


def _explained(text: str, problem: str) -> BadCommand:
    """The frame is JSON but no command: say which part is wrong.

    `problem` is msgspec's sentence, which ends with the path of the wrong part.
    """
    try:
        ref = msgspec.json.decode(text, type=_TypeAndRef).ref
    except (msgspec.DecodeError, RecursionError):
        # The frame is no object, or its `type` or `ref` has a wrong type.
        if problem.startswith("Expected `object`") and "$" not in problem:
            return BadCommand(BadFrame(), None)
        return BadCommand(_invalid(problem), None)
    if problem.startswith("Invalid value") and problem.endswith("`$.type`"):
        return BadCommand(UnknownCommand(), ref)
    return BadCommand(_invalid(problem), ref)


def _invalid(problem: str) -> Invalid:
    if at := _path.search(problem):
        return Invalid(fields={at["path"] or "frame": [problem[: at.start()]]})
    return Invalid(fields={"frame": [problem]})
