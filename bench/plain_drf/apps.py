"""The plain API as a Django app."""

from django.apps import AppConfig


class PlainConfig(AppConfig):
    name = "bench.plain_drf"
    label = "plain"
