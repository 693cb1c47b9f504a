"""The networks by which limits count the addresses that servers name."""

import pytest

from core.network import network_of, networks_of


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("192.0.2.1", {"192.0.2.1": 1}),
        (
            "2001:db8:1:2:3:4:5:6",
            {"2001:db8:1:2::/64": 1, "2001:db8:1::/56": 4},
        ),
        ("2001:DB8:1:102::1", {"2001:db8:1:102::/64": 1, "2001:db8:1:100::/56": 4}),
        ("2001:db8:1:1ff::1", {"2001:db8:1:1ff::/64": 1, "2001:db8:1:100::/56": 4}),
        ("::1", {"::/64": 1, "::/56": 4}),
        ("fe80::1%eth0", {"fe80::/64": 1, "fe80::/56": 4}),
        ("::ffff:192.0.2.1", {"192.0.2.1": 1}),
        ("", {"": 1}),
        ("unix:", {"unix:": 1}),
    ],
)
def test_an_address_is_in_these_networks(
    address: str, networks: dict[str, int]
) -> None:
    found = networks_of(address)
    assert {network.name: network.times for network in found} == networks
    assert network_of(address) == found[-1].name
