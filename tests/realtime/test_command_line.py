"""`manage.py serve` and `doctor` say what is missing, in one sentence."""

import subprocess

import pytest

from tests.served import Deployment

from .conftest import NewDeployment


def test_serve_refuses_several_workers_without_postgres_and_redis(
    embedded: NewDeployment,
) -> None:
    deployment = embedded()
    with pytest.raises(subprocess.CalledProcessError) as refused:
        deployment.manage("serve", "--workers=2")
    assert "More than one worker needs PostgreSQL and Redis" in refused.value.stderr


def test_serve_refuses_to_start_without_secrets_unless_debug_is_on(
    embedded: NewDeployment,
) -> None:
    deployment = embedded()
    deployment.settings |= {"DEBUG": "off", "SECRET_KEY": ""}
    with pytest.raises(subprocess.CalledProcessError) as refused:
        deployment.manage("check")
    assert "SECRET_KEY is not set" in refused.value.stderr


@pytest.mark.parametrize(
    "command",
    [["serve", "--port=0"], ["runserver", "--noreload", "0"], ["check", "--deploy"]],
    ids=lambda command: command[0],
)
def test_serve_refuses_to_start_with_the_passwords_of_the_demo(
    embedded: NewDeployment, command: list[str]
) -> None:
    """The same folder, once with DEBUG and then without."""
    deployment = embedded()
    deployment.manage("first_run")
    deployment.settings |= {"DEBUG": "off", "ALLOWED_HOSTS": "localhost"}
    with pytest.raises(subprocess.CalledProcessError) as refused:
        deployment.manage(*command)
    assert "Everybody knows the passwords of alice, bob" in refused.value.stderr
    assert "changepassword alice" in refused.value.stderr


def test_the_doctor_finds_nothing_wrong_with_a_good_deployment(
    deployment: Deployment,
) -> None:
    """On the databases of all four deployments; the page was built by the test run."""
    report = deployment.manage("doctor")
    assert report.count("  ok  ") == 5
    assert "SICK" not in report


def test_the_doctor_says_how_to_mend_a_bad_deployment(embedded: NewDeployment) -> None:
    deployment = embedded(REDIS_URL="redis://127.0.0.1:1/0")
    with pytest.raises(subprocess.CalledProcessError) as sick:
        deployment.manage("doctor")
    assert "SICK  channel layer" in sick.value.stdout
    assert "Check REDIS_URL." in sick.value.stdout
