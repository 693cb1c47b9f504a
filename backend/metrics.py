"""`/metrics` for Prometheus. Without METRICS_TOKEN a request gets a 404.

The address of a client opens nothing: behind a proxy on this machine all are local.
"""

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core.metrics import registry


# Django's check of forms would answer a POST with 403 and so betray the page.
@csrf_exempt
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        raise Http404
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return bool(settings.DEBUG)
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    # As bytes, since compare_digest takes no text outside ASCII.
    return secrets.compare_digest(given.encode(), expected.encode())
