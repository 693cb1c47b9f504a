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
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    # As bytes, since compare_digest takes no text outside ASCII.
    is_right = secrets.compare_digest(given.encode(), expected.encode())
    if not (is_right if settings.METRICS_TOKEN else settings.DEBUG):
        raise Http404
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
