"""`manage.py runserver`: daphne with Django's reloader, for developing."""

import asyncio
from typing import Any

from daphne.management.commands.runserver import Command as DaphneRunserver
from daphne.server import Server
from twisted.internet import defer

from accounts.checks import STARTING
from chat import housekeeping
from core.files.pictures import process

from ...delivery.hub import drain


class DrainingServer(Server):  # type: ignore[misc]  # daphne has no types
    """Says `bye` and commits what waits before daphne cancels the connections."""

    def kill_all_applications(self) -> Any:
        draining = defer.Deferred.fromFuture(asyncio.ensure_future(drain()))
        return draining.addBoth(lambda _: self._kill_open())

    def _kill_open(self) -> Any:
        # daphne expects an application in every connection, but a connection that has
        # just ended has none: https://github.com/django/daphne/issues/205
        ended = [
            p for p, d in self.connections.items() if "application_instance" not in d
        ]
        for protocol in ended:
            del self.connections[protocol]
        # Python waits for its threads, and they wait for their picture decoders.
        process.stop()
        return super().kill_all_applications()


class Command(DaphneRunserver):  # type: ignore[misc]  # daphne has no types
    server_cls = DrainingServer

    def inner_run(self, *args: Any, **options: Any) -> None:
        self.check(tags=[STARTING], include_deployment_checks=True)
        housekeeping.start()
        super().inner_run(*args, **options)

    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """Log without the query string: a link to a file has its signature there."""
        path = details["path"].partition("?")[0]
        super().log_action(protocol, action, {**details, "path": path})
