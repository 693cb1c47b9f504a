"""Links to files that need no token, for what sends none: `<img src>`.

A link is signed for one file and good for minutes. Whether the file may still be seen
by anybody is asked when it is opened.
"""

from django.core.signing import BadSignature, TimestampSigner

LINK_SECONDS = 300

_signer = TimestampSigner(salt="hubbub.attachment-link")


def signature(attachment_id: str) -> str:
    return _signer.sign(attachment_id).removeprefix(f"{attachment_id}:")


def is_signed(attachment_id: str, given: str) -> bool:
    try:
        signed = _signer.unsign(f"{attachment_id}:{given}", max_age=LINK_SECONDS)
    except BadSignature:
        return False
    return signed == attachment_id
