"""The built web page. whitenoise serves the files that it loads."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_NOT_BUILT = """<!doctype html><title>Hubbub</title>
<p>The API runs; the page is not built: it needs Node 20.19 or newer.
Install it and start again. The API is described <a href="/api/docs">here</a>."""

# The page's assets have hashed names and are cached for ever; the page itself is not.
_HEADERS = {"Cache-Control": "no-cache"}


def index(request: HttpRequest) -> HttpResponse:
    try:
        content = (settings.WEB_DIR / "index.html").read_bytes()
    except FileNotFoundError:
        return HttpResponse(_NOT_BUILT)
    return HttpResponse(content, headers=_HEADERS)
