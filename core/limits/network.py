"""Limits by network, alone and together with those of a person.

An address is in one network or in two (core/network.py), and each of them has a
bucket. All of them give a token, or none does.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..audit import client_address
from ..errors import RateLimited
from ..network import WIDER_TIMES, Network, networks_of
from .bucket import RateLimit


class NetworkLimit:
    """`limit` is what one address is allowed; a wider network is allowed more."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._of = {1: limit, WIDER_TIMES: limit.times(WIDER_TIMES)}

    def take(self, address: str) -> None:
        """Raises RateLimited. May wait for Redis, where the limit is shared."""
        with self._all_or_none() as taken:
            for network in networks_of(address):
                self._of[network.times].take(network.name)
                taken.append(network)

    async def take_soon(self, address: str) -> None:
        """The same, on the event loop."""
        with self._all_or_none() as taken:
            for network in networks_of(address):
                await self._of[network.times].take_soon(network.name)
                taken.append(network)

    def give_back(self, address: str) -> None:
        self._give_back(networks_of(address))

    @contextmanager
    def _all_or_none(self) -> Iterator[list[Network]]:
        taken: list[Network] = []
        try:
            yield taken
        except RateLimited:
            self._give_back(taken)
            raise

    def _give_back(self, networks: Sequence[Network]) -> None:
        for network in networks:
            self._of[network.times].give_back(network.name)


class PersonLimit:
    """What a person is allowed, and what all people of their network are together.

    The network is that of the address from which the door was asked; work that was
    asked for by nobody counts by person alone. The network's token is taken first: its
    bucket is the process's own, so that taking and giving back costs next to nothing.
    """

    def __init__(self, own: RateLimit, network: NetworkLimit) -> None:
        self.own = own
        self.network = network

    def take(self, person: object) -> None:
        with self._counted():
            self.own.take(person)

    async def take_soon(self, person: object) -> None:
        """The same, on the event loop."""
        with self._counted():
            await self.own.take_soon(person)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        address = client_address()
        if address:
            self.network.take(address)
        try:
            yield
        except RateLimited:
            if address:
                self.network.give_back(address)
            raise
