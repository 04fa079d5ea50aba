"""How an attempt ended: by its own last line, by the exit of its process, or nobody knows."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Final

from athanor.domain.run import ExitReason, LostCause, Outcome
from athanor.execution.journal import JournalFiles
from athanor.execution.journal_reader import FileJournalReader
from athanor.execution.specification import boot_id, read_specification

__all__ = ["end_line", "lost", "outcome_of_exit", "outcome_on_disk", "processes_of"]

_TAIL_BYTES: Final = 1024 * 1024


def end_line(journal: Path, attempt: int) -> Outcome | None:
    """Give the outcome in a journal's ``end`` line, which is the last or has late lines after it."""
    try:
        size = journal.stat().st_size
    except FileNotFoundError:
        return None
    for start in {max(0, size - _TAIL_BYTES), 0}:
        outcome = _end_line_from(journal, attempt, start)
        if outcome is not None:
            return outcome
    return None


def _end_line_from(journal: Path, attempt: int, start: int) -> Outcome | None:
    reader = FileJournalReader(journal, attempt, start)
    try:
        outcome = None
        while (piece := reader.read(_TAIL_BYTES)) is not None:
            outcome = piece.outcome or outcome
        return outcome
    finally:
        reader.close()


def outcome_of_exit(returncode: int) -> Outcome:
    """Give the outcome of a process that ended without saying how: by a signal or with a code."""
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        return Outcome(ExitReason.SIGNAL, f"the process was ended by {name}", {"signal": name})
    text = f"the process exited with code {returncode} before the experiment had ended"
    return Outcome(ExitReason.EXIT_CODE, text, {"code": returncode})


def outcome_on_disk(files: JournalFiles) -> Outcome:
    """Give how an attempt of an earlier life of the service ended, as far as the disk knows."""
    said = end_line(files.journal, files.attempt)
    if said is not None:
        return said
    try:
        returncode = json.loads(files.exit.read_text(encoding="ascii"))["returncode"]
    except (OSError, ValueError, KeyError, TypeError):
        return lost(_cause(files))
    return outcome_of_exit(int(returncode))


def lost(cause: LostCause) -> Outcome:
    """Give the outcome of an attempt whose end nobody saw."""
    why = {
        LostCause.SERVICE_KILLED: "the service was killed while the run was under way",
        LostCause.SERVICE_STOPPED: "the service was stopped while the run was under way",
        LostCause.HOST_REBOOTED: "the host was restarted while the run was under way",
        LostCause.UNKNOWN: "what became of the run is not known",
    }[cause]
    return Outcome(ExitReason.LOST, why, {"cause": cause.value})


def _cause(files: JournalFiles) -> LostCause:
    if files.stopped.exists():
        return LostCause.SERVICE_STOPPED
    try:
        _, booted = read_specification(files.specification)
    except (OSError, ValueError, KeyError, TypeError):
        return LostCause.UNKNOWN
    if booted is not None and booted != boot_id():
        return LostCause.HOST_REBOOTED
    return LostCause.SERVICE_KILLED


def processes_of(cookie: str, value: str) -> list[int]:
    """Give the processes whose environment carries a cookie; zombies are none any more."""
    mark = f"{cookie}={value}".encode()
    found = []
    try:
        names = os.listdir("/proc")
    except FileNotFoundError:
        return []  # no such place on this system: the group is all that can be ended
    for name in names:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if mark in file.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                continue
    return found
