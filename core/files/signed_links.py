"""Links to files that need no token, for `<img src>`, which sends none.

A link is signed for one file and good for minutes. When it is opened, the file must
still be there.
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
