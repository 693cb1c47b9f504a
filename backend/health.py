"""`/healthz`: the process answers. `/readyz`: it can work, since it has its database.

Without Redis a process works too, only slower, so `/readyz` still answers 200: a
balancer that removed every process because Redis is down would do more harm.
"""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from realtime.delivery.hub import is_deaf


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "reason": "database"}, status=503)
    if is_deaf():
        return JsonResponse({"status": "degraded", "reason": "channel layer"})
    return JsonResponse({"status": "ok"})
