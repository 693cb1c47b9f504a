"""Searches, and the bodies that they find."""

from accounts.models import User
from chat.payloads.messages import SearchPayload
from chat.queries.search import search
from tests.people import acting


def bodies(page: SearchPayload) -> list[str]:
    return [hit.message.body for hit in page.hits]


def found_by(user: User, q: str, **filters: object) -> list[str]:
    return bodies(search(acting(user), q=q, **filters))  # type: ignore[arg-type]
