"""A follower that writes down what it gets, and its runner."""

import pytest

from chat.followers.runner import Runner

from .recording import Recorder


@pytest.fixture
def recorder(db: None) -> Recorder:
    return Recorder()


@pytest.fixture
def runner(recorder: Recorder) -> Runner:
    """It has begun and has the lease; there is no room yet."""
    runner = Runner(recorder)
    runner.turn()
    return runner
