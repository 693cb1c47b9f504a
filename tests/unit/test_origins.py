"""A rule of origins that both servers apply before our code is asked."""

from pytest_django import Settings

from realtime.handshake.origins import is_allowed

LISTED = b"https://app.example.com"


def test_a_handshake_with_two_origins_is_refused(settings: Settings) -> None:
    settings.ALLOWED_ORIGINS = [LISTED.decode()]
    assert is_allowed([(b"origin", LISTED)])
    assert not is_allowed([(b"origin", LISTED), (b"origin", LISTED)])
    assert not is_allowed([(b"origin", LISTED), (b"origin", b"https://evil.example")])
