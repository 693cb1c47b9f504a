"""Limits by network, and by person and network together.

An address is in one network or in two (core/network.py), and each network has a bucket.
Either all of them give a token, or none does.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..audit import client_address
from ..errors import RateLimited
from ..network import WIDER_TIMES, Network, networks_of
from .bucket import RateLimit


class NetworkLimit:
    """`limit` is for one address; the wider network of an address may do more."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._of = {1: limit, WIDER_TIMES: limit.times(WIDER_TIMES)}

    def take(self, address: str) -> None:
        """Raises RateLimited. It may wait for Redis where the limit is shared."""
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
    """A limit for each person, and one for all people of a network together.

    The network is that of the client's address. Work that no client asked for counts by
    person alone. The network's token is taken first, because its bucket belongs to this
    process: taking it and putting it back costs next to nothing.
    """

    def __init__(self, own: RateLimit, network: NetworkLimit) -> None:
        self.own = own
        self.network = network

    def take(self, person: object) -> None:
        address = self._count_network()
        try:
            self.own.take(person)
        except RateLimited:
            self._give_back(address)
            raise

    async def take_soon(self, person: object) -> None:
        """The same, on the event loop."""
        address = self._count_network()
        try:
            await self.own.take_soon(person)
        except RateLimited:
            self._give_back(address)
            raise

    def _count_network(self) -> str:
        """Take the network's token and return the address, which may be empty."""
        address = client_address()
        if address:
            self.network.take(address)
        return address

    def _give_back(self, address: str) -> None:
        if address:
            self.network.give_back(address)
