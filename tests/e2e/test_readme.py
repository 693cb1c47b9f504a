"""A newcomer pastes the commands of the README, and a message arrives."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from tests.served import ROOT, Process


def _blocks() -> list[str]:
    text = (ROOT / "README.md").read_text()
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def _block(containing: str, url: str) -> str:
    [block] = [block for block in _blocks() if containing in block]
    return block.replace("http://localhost:8000", url)


def test_the_listen_command_prints_the_message_of_the_curl_command(
    hubbub: Process, tmp_path: Path
) -> None:
    heard = tmp_path / "heard"
    listen = _block("manage.py listen", hubbub.url).strip() + f" --url {hubbub.url}"
    with heard.open("w") as output:
        listener = subprocess.Popen(
            ["bash", "-c", listen],
            cwd=ROOT,
            env=_plain_shell(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for("Listening", heard)
        curl = _block("Hello from curl", hubbub.url)
        sent = subprocess.run(
            ["bash", "-c", curl],
            cwd=tmp_path,
            env=_plain_shell(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert '"body":"Hello from curl"' in sent.stdout
        _wait_for("Alice: Hello from curl", heard)
    finally:
        os.killpg(listener.pid, signal.SIGKILL)
        listener.wait()


def _plain_shell() -> dict[str, str]:
    """A newcomer's environment, without the settings that pytest's has."""
    return {name: os.environ[name] for name in ("PATH", "HOME")}


def _wait_for(text: str, file: Path) -> None:
    deadline = time.monotonic() + 20
    while text not in file.read_text():
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.1)
