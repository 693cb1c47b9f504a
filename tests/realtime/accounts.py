"""Accounts that a test makes for itself, and what it does to them from outside."""

import secrets
from dataclasses import dataclass

import requests

from tests.served import Deployment, Process

PASSWORD = "trombone-42"


@dataclass(frozen=True)
class Account:
    name: str
    access: str
    refresh: str


def log_in(process: Process, name: str) -> Account:
    body = {"username": name, "password": PASSWORD}
    pair = process.call("POST", "auth/login", body=body).json()
    return Account(name, pair["access"], pair["refresh"])


def new_account(process: Process) -> Account:
    body = {"username": f"r-{secrets.token_hex(6)}", "password": PASSWORD}
    assert process.call("POST", "auth/register", body=body).ok
    return log_in(process, body["username"])


def ok(answer: requests.Response) -> None:
    assert answer.ok, answer.text


def in_shell(deployment: Deployment, code: str) -> None:
    deployment.manage("shell", "-c", code)
