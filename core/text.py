"""Cleaning the text that people write, as it comes in: equal texts get one form (NFC).

A line, such as a name or a topic, may hold no invisible characters and no line ends.
Prose, such as a message, keeps its line ends, its joiners and its marks of direction.
"""

import re
import unicodedata
from functools import partial

from .errors import Invalid

_decompose = partial(unicodedata.normalize, "NFKD")

# UAX #15 calls a text stream-safe when it has no more marks in a row than this.
_MAX_MARKS = 30
_IS_A_MARK = bytes([0, *[1] * 255])
_TOO_MANY = b"\1" * (_MAX_MARKS + 1)
_bmp_marks = "".join(
    one
    for one in map(chr, range(0x300, 0x10000))
    if not "\ud800" <= one <= "\udfff" and unicodedata.combining(_decompose(one)[0])
)
# A letter decomposes into three marks at most and a mark into two, so a shorter run
# cannot have too many. Every character beyond the BMP counts as a mark here, to keep
# the pattern small.
_MARKS = re.compile(f"[{_bmp_marks}\U00010000-\U0010ffff]{{14,}}")

# Unicode's Cc and Cs; tab and line ends are part of prose.
_NO_PROSE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# Invisible characters: Default_Ignorable_Code_Point (which includes the marks of
# direction), annotations, noncharacters, and two symbols that are blank.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U0001bca0-\U0001bca3"
    "\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
# Categories of blanks and of marks that need a letter. A character that Python does not
# know yet counts as visible.
_BLANK = {"Zs", "Mn", "Mc", "Me", "Cf"}
# In these scripts, and in emoji, joiners and selectors change how neighbours look.
_JOINING = (
    "\u0600-\u18af\ua840-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00010d3f"
    "\U00011000-\U00011fff\U0001e900-\U0001e95f\u2190-\u27ff\u2900-\u2bff"
    "\U0001f000-\U0001faff"
)
_VARYING = (
    "©®\u1000-\u109f\u203c-\u27ff\u2900-\u2bff\u2e80-\ud7ff\uf900-\ufaff"
    "\U0001f000-\U0001faff\U00020000-\U0003ffff"
)
# The flags of England, Scotland and Wales are spelt with tags, keycaps with a selector.
_WHOLE = (
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|"
    "\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f"
    "|[0-9#*]\ufe0f\u20e3"
)
_HIDDEN = re.compile(
    f"{_WHOLE}|(?P<hidden>[{_INVISIBLE}]"
    f"|(?<![{_JOINING}\ufe0f])[\u200c\u200d]|[\u200c\u200d](?![{_JOINING}])"
    f"|(?<![{_VARYING}])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    "|(?<![\u1820-\u18aa])[\u180b-\u180d\u180f])"
)


def clean_line(field: str, text: str, longest: int) -> str:
    """One line in one form, with one space between words. Raises Invalid."""
    line = normalised(field, text).strip()
    if _NO_LINE.search(line):
        raise _refused(field, "Write one line, without control characters.")
    line = " ".join(line.split())
    # A name with invisible characters looks like another name, or like none.
    if not line.isascii():
        _check_visible(field, line)
    # The door has checked the length, but NFC may have made the line longer.
    if len(line) > longest:
        raise _refused(field, f"At most {longest} characters.")
    return line


def clean_prose(field: str, text: str) -> str:
    """Several lines in one form. Raises Invalid."""
    text = normalised(field, text)
    # PostgreSQL cannot store NUL, and other control characters only serve to deceive.
    if _NO_PROSE.search(text):
        raise _refused(field, "Control characters are not allowed.")
    return text


def strip_hidden(text: str) -> str:
    """A line that a program wrote, without the characters that `clean_line` refuses."""
    return _HIDDEN.sub(
        lambda match: "" if match["hidden"] else match[0], _NO_LINE.sub("", text)
    )


def normalised(field: str, text: str) -> str:
    """The text in NFC. Raises Invalid when that would take long.
    Normalising sorts each run of marks, in a time that grows with the square of its
    length: 4,000 marks would block the event loop for tens of milliseconds.
    """
    # https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
    is_safe = text.isascii() or not any(
        # With the letter before the run, which may decompose into marks too.
        _TOO_MANY in _mark_bytes(text[max(0, run.start() - 1) : run.end()])
        for run in _MARKS.finditer(text)
    )
    if not is_safe:
        most = f"At most {_MAX_MARKS} combining marks in a row: take some out."
        raise _refused(field, most)
    return unicodedata.normalize("NFC", text)


def _mark_bytes(text: str) -> bytes:
    """A byte for each character, 1 for a mark; sorts nothing, unlike NFC."""
    decomposed = "".join(map(_decompose, text))
    return bytes(map(unicodedata.combining, decomposed)).translate(_IS_A_MARK)


def _check_visible(field: str, line: str) -> None:
    for match in _HIDDEN.finditer(line):
        if hidden := match["hidden"]:
            code = f"U+{ord(hidden):04X}"
            raise _refused(field, f"Leave out {code}: nobody sees it here.")
    # Marks without a letter are not enough.
    if all(unicodedata.category(one) in _BLANK for one in line):
        raise _refused(field, "Write something that can be seen.")


def _refused(field: str, problem: str) -> Invalid:
    return Invalid(fields={field: [problem]})
