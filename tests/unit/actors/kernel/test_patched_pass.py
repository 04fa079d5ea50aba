"""Runs this folder once more, in a process of its own, where actors are greenlets."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.mark.threads
def test_the_kernel_holds_under_gevent_too():
    command = [sys.executable, "-m", "gevent.monkey", "--module", "pytest"]
    options = ["-q", "-p", "no:cacheprovider", str(FOLDER)]
    done = subprocess.run(
        command + options,
        check=False,
        cwd=FOLDER.parents[3],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    assert " passed" in done.stdout
