"""What a child does: one attempt of one run, in a clean interpreter that was never patched.

Started as ``python -m athanor.execution.child_main SPECIFICATION``. Does nothing at import, since
the processes that an experiment spawns import the main module again.
"""

from __future__ import annotations

import faulthandler
import fcntl
import logging
import os
import random
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, Final, TextIO

from athanor.domain.context import InstanceSnapshot, RunSnapshot
from athanor.domain.execution import ExecutionSpec
from athanor.domain.experiment import Experiment
from athanor.domain.run import Outcome
from athanor.execution.capture import JournalHandler, LineStream
from athanor.execution.context import JournalContext
from athanor.execution.journal import Journal, JournalFiles
from athanor.execution.loading import load_experiment
from athanor.execution.outcome import outcome_of, unavailable
from athanor.execution.progress import ProgressWriter
from athanor.execution.specification import read_specification

PR_SET_PDEATHSIG: Final = 1
SIGKILL: Final = 9


class Flag:
    """The cancel flag of a child: set by the thread that reads the control FIFO."""

    def __init__(self) -> None:
        self.is_set = False
        self._event = threading.Event()

    def set(self) -> None:
        """Ask the experiment to stop."""
        self.is_set = True
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, this long at the most."""
        return self._event.wait(seconds)


def main() -> None:
    """Run the attempt and exit with 0: how it ended stands in the journal."""
    path = Path(sys.argv[1])
    spec, _ = read_specification(path)
    files = JournalFiles(path.parent, spec.attempt)
    # First of all: for as long as this is locked, the attempt is alive.
    lock = os.open(files.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.lockf(lock, fcntl.LOCK_EX)
    _die_with_the_service(int(sys.argv[2]))
    faulthandler.enable(file=sys.__stderr__ or sys.stderr)
    journal = Journal(files.journal, spec.attempt)
    flag = Flag()
    _listen(files.control, flag)
    os.chdir(files.working_directory)
    outcome = _attempt(spec, files, journal, flag)
    _say(sys.__stdout__, sys.__stderr__)
    journal.end(outcome)
    # Whatever threads the experiment left behind, and however they hold on: this is the end.
    os._exit(0)


def _attempt(spec: ExecutionSpec, files: JournalFiles, journal: Journal, flag: Flag) -> Outcome:
    context: JournalContext[Any] = JournalContext(
        config=None,  # set below, once the plugin is imported
        run=RunSnapshot(spec.run_id, spec.experiment, spec.attempt, spec.seed),
        instance=InstanceSnapshot(spec.instance_id, spec.instance_name),
        directory=files.working_directory,
        journal=journal,
        flag=flag,
        slot=ProgressWriter(files.progress),
    )
    streams = _capture(context)
    try:
        experiment = _import(spec, context)
        if isinstance(experiment, Outcome):
            return experiment
        _seed(spec.seed)
        return outcome_of(lambda: experiment().run(context))
    finally:
        for stream in streams:
            stream.finish(context)


def _import(spec: ExecutionSpec, context: JournalContext[Any]) -> type[Experiment[Any]] | Outcome:
    """Import the plugin afresh and validate the configuration, or say why that cannot be done."""
    try:
        experiment = load_experiment(spec.source)
        model = experiment.experiment().configuration
    except BaseException as error:
        said = f"{spec.experiment} cannot be imported: {type(error).__name__}: {error}"
        return unavailable(said, error)
    try:
        context.config = model.model_validate(spec.configuration)
    except Exception as error:
        return unavailable(f"{spec.experiment} refuses the configuration: {error}", error)
    return experiment


def _capture(context: JournalContext[Any]) -> tuple[LineStream, LineStream]:
    """Bring what is printed, logged and warned of into the run's log."""

    def find() -> JournalContext[Any]:
        return context

    sys.stdout = stdout = LineStream("stdout", "info", find, sys.__stdout__)
    sys.stderr = stderr = LineStream("stderr", "warn", find, sys.__stderr__)
    root = logging.getLogger()
    root.addHandler(JournalHandler(find))
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    warnings.simplefilter("default")
    return stdout, stderr


def _seed(seed: int) -> None:
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)


def _listen(control: Path, flag: Flag) -> None:
    """Set the flag when anything comes through the FIFO. Open for both, it never reaches its end."""
    descriptor = os.open(control, os.O_RDWR | os.O_CLOEXEC)

    def body() -> None:
        os.read(descriptor, 1)
        flag.set()

    threading.Thread(target=body, name="athanor-control", daemon=True).start()


def _die_with_the_service(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _say(*streams: TextIO | None) -> None:
    for stream in streams:
        if stream is not None:
            stream.flush()


if __name__ == "__main__":
    main()
