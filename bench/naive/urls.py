"""No HTTP here: the baseline is measured by its sockets."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
