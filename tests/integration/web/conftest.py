"""The web layer in a process of its own, as it runs in the service."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.web.raw_client import RawClient

ROOT = Path(__file__).parents[3]


class Served:
    """The process and its address."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.web.program", json.dumps(options)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.clients: list[RawClient] = []
        started = self._answer()
        self.port: int = started["port"]
        self.run: str = started["run"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def live_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v1/live"

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **options)

    def client(self, **options: Any) -> RawClient:
        client = RawClient(self.port, **options)
        self.clients.append(client)
        return client

    def subscribers(self) -> list[dict[str, int]]:
        found: list[dict[str, int]] = self.get("/api/v1/ops/tree").json()["tree"]["subscribers"]
        return found

    def live_connections(self) -> int:
        lines = self.get("/metrics").text.splitlines()
        (line,) = [line for line in lines if line.startswith("athanor_live_connections ")]
        return int(line.split()[1])

    def tell(self, command: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._answer()

    def end(self) -> str:
        """End it, and give what it wrote to its standard error."""
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.kill()
        _, errors = self.process.communicate()
        return errors

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the program ended: {self.end()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve with these settings; whatever it writes to its standard error fails the test."""
    served: list[Served] = []

    def begin(**options: Any) -> Served:
        served.append(Served(options))
        return served[-1]

    yield begin
    complaints = [one.end() for one in served]
    assert complaints == [""] * len(served)
