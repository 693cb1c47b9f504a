"""A PostgreSQL and a Redis for the scenarios alone, which kill them."""

from collections.abc import Iterator

import pytest

from tests.faults.cluster import Services, services


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with services(tmp_path_factory.mktemp("faults")) as found:
        yield found
