"""The worker processes: they end with the process that started them, however that ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from substrate_shift.trial import TrialPlan
from substrate_shift.workers import run_trials

HOST = """
import multiprocessing

from substrate_shift.trial import TrialPlan
from substrate_shift.workers import run_trials


def main():
    plans = [
        TrialPlan(0, number, "unigram", "unigram", False, 1, 50, "mean", permutations, 0.05)
        for number, permutations in enumerate([1, 1, 10**9, 10**9])
    ]
    outcomes = run_trials(plans, parallelism=2, raise_if_cancelled=lambda: None)
    next(outcomes)
    next(outcomes)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    next(outcomes)


if __name__ == "__main__":
    main()
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_workers_in_the_middle_of_a_trial_die_when_their_parent_is_killed(tmp_path: Path) -> None:
    # As Athanor runs it: a main module that is imported by name, and imported again by the workers.
    (tmp_path / "host_of_workers.py").write_text(HOST)
    host = subprocess.Popen(
        [sys.executable, "-m", "host_of_workers"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert host.stdout is not None
    try:
        workers = [int(pid) for pid in host.stdout.readline().split()]
        assert len(workers) == 2
        assert all(is_running(pid) for pid in workers)
    finally:
        host.send_signal(signal.SIGKILL)
        host.wait()
        host.stdout.close()
    deadline = time.monotonic() + 10
    while any(is_running(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(is_running(pid) for pid in workers)


def test_what_a_worker_imports_is_light() -> None:
    code = "import sys, substrate_shift.workers; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "substrate_shift.trial" in modules
    assert not {"athanor", "pydantic", "numpy", "gevent"} & set(modules)


@pytest.mark.parametrize("parallelism", [1, 2])
def test_an_error_in_a_trial_is_the_error_of_the_run_and_ends_the_workers(parallelism: int) -> None:
    bad: Any = "no-such-model"
    plans = [
        TrialPlan(0, number, "unigram", bad, False, 1, 50, "mean", 1, 0.05) for number in range(9)
    ]
    with pytest.raises(ValueError, match="'no-such-model' is not a model"):
        list(run_trials(plans, parallelism=parallelism, raise_if_cancelled=lambda: None))
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_a_worker_that_is_killed_fails_the_run_instead_of_hanging_it() -> None:
    plans = [
        TrialPlan(0, number, "unigram", "unigram", False, 1, 50, "mean", permutations, 0.05)
        for number, permutations in enumerate([1, 10**9, 10**9])
    ]
    outcomes = run_trials(plans, parallelism=2, raise_if_cancelled=lambda: None)
    next(outcomes)
    multiprocessing.active_children()[0].kill()
    with pytest.raises(BrokenProcessPool):
        next(outcomes)
    assert multiprocessing.active_children() == []


def test_closing_ends_workers_in_the_middle_of_a_trial() -> None:
    plans = [
        TrialPlan(0, number, "unigram", "unigram", False, 1, 50, "mean", permutations, 0.05)
        for number, permutations in enumerate([1, 10**9, 10**9])
    ]
    outcomes = run_trials(plans, parallelism=2, raise_if_cancelled=lambda: None)
    next(outcomes)
    closing = threading.Thread(target=outcomes.close, daemon=True)
    closing.start()
    closing.join(timeout=20)
    left = multiprocessing.active_children()
    for worker in left:
        worker.kill()
    assert not closing.is_alive()
    assert left == []
