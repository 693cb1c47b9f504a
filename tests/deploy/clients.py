"""Clients of the proxy."""

import secrets
from typing import Any

import requests

from .conftest import Web
from .nginx import Proxy

Two = tuple[Web, Web]


class Client:
    """A person at a browser: one account, all requests through the proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.credentials = {
            "username": f"person-{secrets.token_hex(4)}",
            "password": secrets.token_urlsafe(12),
        }
        self.call("POST", "auth/register", self.credentials)
        self.access: str = self.call("POST", "auth/login", self.credentials)["access"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        token = getattr(self, "access", None)
        answer = requests.request(
            method,
            f"{self.proxy.url}/api/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=20,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def ticket(self) -> str:
        return str(self.call("POST", "auth/ticket")["ticket"])

    def socket_url(self) -> str:
        return self.proxy.socket_url(self.ticket())
