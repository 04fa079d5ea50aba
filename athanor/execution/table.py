"""The table of executions: run to attempt under way. A plain object outside the tree.

An actor can die and be started again, a thread or a process cannot; so what runs is entered here,
and a RunServer takes it from here. All methods are called in the service's main thread.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from athanor.domain.execution import ExecutionSpec
from athanor.domain.ports import ExecutionTaken
from athanor.execution.child import ChildExecution, child_environment
from athanor.execution.journal import JournalFiles
from athanor.execution.recovered import RecoveredExecution
from athanor.execution.specification import write_specification
from athanor.execution.thread import ThreadExecution
from athanor.execution.watch import DirectoryWatch
from athanor.native.threads import MainThread

__all__ = ["ExecutionTable"]

AnyExecution = ChildExecution | ThreadExecution | RecoveredExecution


@dataclass(slots=True)
class _Entry:
    execution: AnyExecution
    taker: object | None = None


class ExecutionTable:
    """Implements ``athanor.domain.ports.Executions`` below ``data_directory/runs``.

    ``environment`` is the service's own, which children inherit less its secrets.
    """

    def __init__(self, data_directory: Path, environment: Mapping[str, str]) -> None:
        self._runs = data_directory / "runs"
        self._runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._environment = dict(environment)
        self._main = MainThread()
        self._watch = DirectoryWatch()
        self._entries: dict[UUID, _Entry] = {}
        self._given_up: list[ThreadExecution] = []

    def files_of(self, run_id: UUID, attempt: int) -> JournalFiles:
        """Give the files of an attempt."""
        return JournalFiles(self._runs / str(run_id), attempt)

    def start(self, spec: ExecutionSpec) -> None:
        """See the port."""
        files = self.files_of(spec.run_id, spec.attempt)
        files.working_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_specification(files.specification, spec)
        execution: AnyExecution
        if spec.isolation == "thread":
            execution = ThreadExecution(spec, files, self._main)
        else:
            environment = child_environment(spec.run_id, self._environment)
            execution = ChildExecution(spec, files, self._main, environment)
        self._entries[spec.run_id] = _Entry(execution)
        execution.start()

    def has_begun(self, run_id: UUID, attempt: int) -> bool:
        """See the port."""
        return self.files_of(run_id, attempt).specification.exists()

    def recover(self, run_id: UUID, attempt: int) -> None:
        """See the port."""
        files = self.files_of(run_id, attempt)
        self._entries[run_id] = _Entry(RecoveredExecution(run_id, files))

    def knows(self, run_id: UUID) -> bool:
        """See the port."""
        return run_id in self._entries

    def take(self, run_id: UUID, taker: object, on_activity: Callable[[], None]) -> AnyExecution:
        """See the port."""
        entry = self._entries[run_id]
        if entry.taker is not None and entry.taker is not taker:
            raise ExecutionTaken(f"the execution of run {run_id} is taken")
        entry.taker = taker
        entry.execution.on_end = on_activity
        self._watch.add(run_id, self._runs / str(run_id), on_activity)
        return entry.execution

    def release(self, run_id: UUID, taker: object) -> None:
        """See the port."""
        entry = self._entries.get(run_id)
        if entry is not None and entry.taker is taker:
            entry.taker = None
            entry.execution.on_end = _nothing
            self._watch.remove(run_id)

    def discard(self, run_id: UUID) -> None:
        """See the port."""
        entry = self._entries.pop(run_id, None)
        if entry is None:
            return
        self._watch.remove(run_id)
        entry.execution.close()
        execution = entry.execution
        if isinstance(execution, ThreadExecution) and execution.leaked:
            self._given_up.append(execution)
        files = self.files_of(run_id, execution.attempt)
        for path in (files.control, files.lock, files.progress):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    def delete_files(self, run_id: UUID) -> None:
        """See the port."""
        shutil.rmtree(self._runs / str(run_id), ignore_errors=True)

    def active(self) -> tuple[UUID, ...]:
        """See the port."""
        return tuple(self._entries)

    def leaked_threads(self) -> int:
        """See the port."""
        self._given_up = [execution for execution in self._given_up if execution.leaked]
        return len(self._given_up)

    def stop_all(self) -> None:
        """End what is still alive, at an orderly stop of the service, and note that this was why."""
        for run_id, entry in self._entries.items():
            if entry.execution.outcome is None:
                files = self.files_of(run_id, entry.execution.attempt)
                with contextlib.suppress(OSError):
                    os.close(os.open(files.stopped, os.O_WRONLY | os.O_CREAT, 0o600))
                entry.execution.kill()

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()


def _nothing() -> None:
    """Do nothing."""
