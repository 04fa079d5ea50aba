"""Start processes and wait for them, in any thread of a patched or a plain Python.

gevent's own child watchers reap every child of the process and so steal exit codes; ``subprocess``
of a patched Python raises in native threads. Here a process is started by the original
``posix_spawn``, waited for through its pidfd, and reaped once, by whoever comes first.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from athanor.native.originals import in_main_thread, is_patched, original

__all__ = ["ChildProcess", "Completed", "pause", "process_alive", "run", "spawn", "start_time"]

_POLL_S: Final = 0.02
_MAX_OUTPUT_BYTES: Final = 1024 * 1024


class ChildProcess:
    """A child of this process. May be waited for by several threads and greenlets at once."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._returncode: int | None = None
        self._lock = original("_thread", "allocate_lock")()
        self._pidfd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None

    def poll(self) -> int | None:
        """Give the exit code (``-signal`` for a signal), or None while it lives."""
        with self._lock:
            if self._returncode is None:
                pid, status = original("os", "waitpid")(self.pid, os.WNOHANG)
                if pid == self.pid:
                    self._returncode = os.waitstatus_to_exitcode(status)
                    if self._pidfd is not None:
                        os.close(self._pidfd)
                        self._pidfd = None
            return self._returncode

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Wait for the end; None when the time is over. Lets the other greenlets of the hub go on."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while (returncode := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return None
            self._wait_a_little(left)
        return returncode

    def _wait_a_little(self, left_s: float | None) -> None:
        """Wait until it ended, for ``left_s`` or half a second at the most, whichever is less."""
        bound_s = 0.5 if left_s is None else min(0.5, left_s)
        descriptor = self._pidfd
        if descriptor is None:
            pause(min(_POLL_S, bound_s))
        elif is_patched() and in_main_thread():
            _wait_in_hub(descriptor, bound_s)
        else:
            poller = original("select", "poll")()
            poller.register(descriptor, select.POLLIN)
            poller.poll(bound_s * 1000)

    def send_signal(self, number: int) -> None:
        """Send a signal; nothing once it was reaped, so a recycled pid is never hit."""
        with self._lock:
            if self._returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)

    def signal_group(self, number: int) -> None:
        """Send a signal to the process group that this child leads."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def pause(seconds: float) -> None:
    """Sleep: in the main thread cooperatively, in a native thread without making a hub."""
    (time.sleep if in_main_thread() else original("time", "sleep"))(seconds)


def _wait_in_hub(descriptor: int, seconds: float) -> None:
    import gevent
    from gevent.socket import wait_read

    # A duplicate, because the descriptor may be closed by whoever reaps first.
    duplicate = os.dup(descriptor)
    try:
        with contextlib.suppress(gevent.Timeout, TimeoutError):
            wait_read(duplicate, timeout=seconds)
    finally:
        os.close(duplicate)


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
    new_session: bool = False,
) -> ChildProcess:
    """Start a program, found by its path. Raises ``OSError`` when it cannot be started.

    ``stdin`` None is ``/dev/null``; ``stdout`` and ``stderr`` None are inherited. No other
    descriptor is: those that Python opens are close-on-exec. ``new_session`` makes the child the
    leader of a session and of a process group of its own.
    """
    actions: list[tuple[Any, ...]] = []
    if stdin is None:
        actions.append((os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0))
    else:
        actions.append((os.POSIX_SPAWN_DUP2, stdin, 0))
    if stdout is not None:
        actions.append((os.POSIX_SPAWN_DUP2, stdout, 1))
    if stderr is not None:
        actions.append((os.POSIX_SPAWN_DUP2, stderr, 2))
    pid = original("os", "posix_spawn")(
        argv[0],
        list(argv),
        dict(env),
        file_actions=actions,
        setsid=new_session,
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGQUIT],
        setsigmask=[],
    )
    return ChildProcess(pid)


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended: None as exit code when its time was over and it was killed."""

    returncode: int | None
    output: bytes


def run(argv: Sequence[str], *, env: Mapping[str, str], timeout_s: float) -> Completed:
    """Run a program to its end and give the last mebibyte of what it wrote to stdout and stderr."""
    import tempfile

    with tempfile.TemporaryFile() as sink:
        child = spawn(argv, env=env, stdout=sink.fileno(), stderr=sink.fileno(), new_session=True)
        returncode = child.wait(timeout_s)
        if returncode is None:
            child.signal_group(signal.SIGKILL)
            child.wait()
        size = sink.seek(0, os.SEEK_END)
        sink.seek(max(0, size - _MAX_OUTPUT_BYTES))
        return Completed(returncode, sink.read())


def process_alive(pid: int) -> bool:
    """Tell whether a process of this pid exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def start_time(pid: int) -> int | None:
    """Give when a process was started, in clock ticks since boot: with the pid, its identity."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None
