"""Every HTTP address: the API and its pages, the admin, health, the web page."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

from . import health, metrics, page

handler404 = "api.exceptions.not_found"

urlpatterns = [
    path("", page.index),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("admin/", admin.site.urls),
    path("api/v1/", include("api.urls")),
    path("api/openapi.yaml", SpectacularAPIView.as_view(), name="openapi"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="openapi")),
    path("api/redoc", SpectacularRedocView.as_view(url_name="openapi")),
]
