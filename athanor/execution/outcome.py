"""From running an experiment to its outcome, in a child as in a thread."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from athanor.domain.context import Cancelled
from athanor.domain.run import ExitReason, Outcome
from athanor.execution.context import EndedByCall
from athanor.execution.encoding import clean_text, shown

__all__ = ["failure", "outcome_of", "unavailable"]

_MAX_TRACEBACK_CHARS: Final = 200_000
_MAX_LINE_CHARS: Final = 500


def outcome_of(work: Callable[[], object]) -> Outcome:
    """Do the work of an experiment and say how it ended. Lets nothing out."""
    try:
        work()
    except EndedByCall as ended:
        if not ended.failed:
            return Outcome(ExitReason.RETURNED)
        if isinstance(ended.error, BaseException):
            return failure(ended.error)
        text = clean_text(str(ended.error))
        details = {"type": "fail", "message": text, "traceback": _text_of(ended)}
        return Outcome(ExitReason.EXCEPTION, _one_line(text), details)
    except Cancelled:
        return Outcome(ExitReason.CANCELLED)
    except SystemExit as ended:
        code = ended.code
        if code is None or code == 0:
            return Outcome(ExitReason.RETURNED)
        number = code if isinstance(code, int) else 1
        said = "" if isinstance(code, int) else f": {clean_text(str(code))}"
        return Outcome(
            ExitReason.EXIT_CODE, _one_line(f"exited with code {number}{said}"), {"code": number}
        )
    except BaseException as error:
        return failure(error)
    return Outcome(ExitReason.RETURNED)


def failure(error: BaseException) -> Outcome:
    """Give the outcome of an exception, with its traceback less Athanor's own frames."""
    details = {
        "type": type(error).__qualname__,
        "message": _message(error),
        "traceback": _text_of(error),
    }
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Outcome(ExitReason.DISK_FULL, _one_line(f"the disk is full: {error}"), details)
    line = f"{details['type']}: {details['message']}" if details["message"] else details["type"]
    return Outcome(ExitReason.EXCEPTION, _one_line(line), details)


def unavailable(why: str, error: BaseException | None = None) -> Outcome:
    """Give the outcome of an experiment that cannot be imported or refuses its configuration."""
    details: dict[str, Any] = {}
    if error is not None:
        details = {
            "type": type(error).__qualname__,
            "message": _message(error),
            "traceback": _text_of(error),
        }
    return Outcome(ExitReason.UNAVAILABLE, _one_line(why), details)


def _message(error: BaseException) -> str:
    try:
        return clean_text(str(error))
    except Exception:
        return shown(error)


def _text_of(error: BaseException) -> str:
    trace = _without_our_frames(error.__traceback__)
    try:
        text = "".join(traceback.format_exception(type(error), error, trace))
    except Exception:  # a broken __str__ or a broken cause must not cost the rest
        text = "".join(traceback.format_tb(trace)) + shown(error)
    if len(text) > _MAX_TRACEBACK_CHARS:
        half = _MAX_TRACEBACK_CHARS // 2
        text = f"{text[:half]}\n… [cut] …\n{text[-half:]}"
    return clean_text(text)


def _without_our_frames(trace: TracebackType | None) -> TracebackType | None:
    """Skip the frames above the experiment's own; keep all when there is no other."""
    first = trace
    while trace is not None:
        if not str(trace.tb_frame.f_globals.get("__name__", "")).startswith("athanor."):
            return trace
        trace = trace.tb_next
    return first


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LINE_CHARS else line[: _MAX_LINE_CHARS - 1] + "…"
