"""How a file leaves: in pieces, each read when the one before it is gone."""

from django.core.files.base import ContentFile

from api.downloads import Download


async def test_it_leaves_in_pieces_under_asgi() -> None:
    content = bytes(600 * 1024)
    response = Download(ContentFile(content), content_type="text/plain")
    pieces = [piece async for piece in response]
    assert [len(piece) // 1024 for piece in pieces] == [256, 256, 88]
    assert b"".join(pieces) == content
    assert response.headers["Content-Length"] == str(len(content))
