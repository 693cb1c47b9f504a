"""Files out, so that no browser takes one for a page of ours.

backend/headers.py has the policy of their addresses; backend/downloads.py sends them.
"""

from django.core.files.base import File
from django.http import FileResponse, Http404
from django.utils.cache import patch_vary_headers

from chat.models import Attachment, Export
from core.files import storage
from core.files.pictures import AVATAR_TYPE
from core.files.signed_links import LINK_SECONDS
from core.files.sniffing import PICTURES, UNKNOWN


def attachment_file(found: Attachment) -> FileResponse:
    """A picture is shown; anything else is saved, whatever its name says."""
    shown = found.content_type in PICTURES
    response = _download(
        "attachments",
        found.file,
        found.content_type if shown else UNKNOWN,
        filename=found.name,
        save=not shown,
    )
    return _private(response)


def attachment_thumbnail(found: Attachment) -> FileResponse:
    return _private(_download("attachments", found.thumbnail, AVATAR_TYPE))


def export_file(found: Export) -> FileResponse:
    """Somebody's whole life here: no cache keeps it."""
    response = _download(
        "exports", found.file, "application/zip", filename="hubbub.zip", save=True
    )
    response["Cache-Control"] = "no-store"
    return response


def avatar_file(name: str) -> FileResponse:
    response = _download("avatars", name, AVATAR_TYPE)
    # A new picture has a new name.
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _private(response: FileResponse) -> FileResponse:
    response["Cache-Control"] = f"private, max-age={LINK_SECONDS}"
    patch_vary_headers(response, ["Authorization"])
    return response


def _download(
    folder: storage.Folder,
    name: str,
    content_type: str,
    *,
    filename: str = "",
    save: bool = False,
) -> FileResponse:
    return FileResponse(
        _opened(folder, name),
        as_attachment=save,
        filename=filename,
        content_type=content_type,
    )


def _opened(folder: storage.Folder, name: str) -> "File[bytes]":
    try:
        return storage.opened(folder, name)
    except FileNotFoundError:
        raise Http404 from None
