"""`/metrics` for Prometheus, to who knows METRICS_TOKEN. To all others it is not there.

Not by address: a proxy on this machine would make everybody local.
"""

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core.metrics import registry


# The check of forms answers a POST with 403, and so would say that there is a page.
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
    # Bytes: a header may hold what is no ASCII.
    return secrets.compare_digest(given.encode(), expected.encode())
