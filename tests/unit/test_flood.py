"""The flood of `python -m bench.flood`: it tries each rate of the table."""

from bench.attacks import Ground, of_a_network, over_rest, over_sockets
from bench.people import Person
from core.limits.table import Limits


def test_every_rate_of_the_table_is_flooded() -> None:
    person = Person("alice", "a token", "a room")
    ground = Ground("a room", "somebody", "another room")
    attacks = over_sockets([]) + of_a_network([]) + over_rest(0, person, ground)
    fields = Limits.__struct_fields__
    rates = {f.removesuffix("_burst") for f in fields if f.endswith("_burst")}
    # Frames are flooded by bench/stubborn.py.
    assert {attack.limit for attack in attacks} | {"frames"} == rates
