"""Every way to spoil a token: each makes a bad one of a good one."""

import base64
import hmac
import json
import time
from collections.abc import Callable

import jwt

from tests.served import SIGNING_KEY
from tests.unit.crafted import claims_of, signed


def with_claims(key: str = SIGNING_KEY, **claims: object) -> Callable[[str], str]:
    return lambda token: signed({**claims_of(token), **claims}, key)


def _with_time(claim: str, seconds: int) -> Callable[[str], str]:
    def spoil(token: str) -> str:
        claims = {**claims_of(token), claim: int(time.time()) + seconds}
        return signed(claims, SIGNING_KEY)

    return spoil


def _without(claim: str) -> Callable[[str], str]:
    return lambda token: signed(
        {name: value for name, value in claims_of(token).items() if name != claim},
        SIGNING_KEY,
    )


def said_to_be(algorithm: str, digest: str) -> Callable[[str], str]:
    """Names another algorithm but is signed with our HMAC key."""

    def spoil(token: str) -> str:
        head = _base64(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
        content = f"{head}.{token.split('.')[1]}"
        mac = hmac.new(SIGNING_KEY.encode(), content.encode(), digest)
        return f"{content}.{_base64(mac.digest())}"

    return spoil


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _tampered(token: str) -> str:
    """Puts another person's id under the same signature."""
    head, _, signature = token.split(".")
    _, payload, _ = with_claims(sub="01a1fb27-fbe3-75d0-bbaf-1403da6a7a17")(
        token
    ).split(".")
    return f"{head}.{payload}.{signature}"


def _cut(token: str) -> str:
    return token[:-4]


SPOILT: dict[str, Callable[[str], str]] = {
    "foreign key": with_claims(key="k" * 48),
    "foreign issuer": with_claims(iss="somebody"),
    "foreign audience": with_claims(aud="something"),
    "no audience": _without("aud"),
    "alg none": lambda token: jwt.encode(claims_of(token), "", algorithm="none"),
    "HS/RS confusion": said_to_be("RS256", "sha256"),
    "another HMAC": said_to_be("HS512", "sha512"),
    "expired": _with_time("exp", -60),
    "not yet valid": _with_time("nbf", 600),
    "issued in the future": _with_time("iat", 600),
    "no exp": _without("exp"),
    "no jti": _without("jti"),
    "no session": _without("sid"),
    "no person": _without("sub"),
    "tampered": _tampered,
    "cut": _cut,
    "old ver": with_claims(ver=0),
    "coming ver": with_claims(ver=2),
    "of no kind": with_claims(token_type="none"),
}
