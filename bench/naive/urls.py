"""The baseline has no HTTP, because only its sockets are measured."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
