"""`/healthz`: the process answers. `/readyz`: it can work, because the database can.

Without Redis it works too, only slower, so that is 200: a balancer that took every
process out because their Redis is down would do more harm than Redis.
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
