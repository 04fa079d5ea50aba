"""Wake-up: tells when something was written in the directory of a run.

By inotify where there is one: a write costs the writer about a microsecond, and any number of
writes queue one event. Elsewhere the directories of the live runs are looked at every 20 ms.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

__all__ = ["DirectoryWatch"]

_GATHER_S: Final = 0.002
_POLL_S: Final = 0.02
_LOOK_S: Final = 0.5


class DirectoryWatch:
    """Calls back in the thread that made it, in a greenlet of it when patched."""

    def __init__(self) -> None:
        self._callbacks: dict[UUID, Callable[[], None]] = {}
        self._directories: dict[UUID, Path] = {}
        self._watches: dict[int, UUID] = {}
        self._is_closed = False
        self._inotify: Any = None
        if sys.platform == "linux":
            from inotify_simple import INotify

            self._inotify = INotify(nonblocking=True)
        self._thread = threading.Thread(target=self._run, name="directory-watch", daemon=True)
        self._thread.start()

    def add(self, run_id: UUID, directory: Path, callback: Callable[[], None]) -> None:
        """Watch a directory; ``callback`` must return at once."""
        self.remove(run_id)
        self._callbacks[run_id] = callback
        self._directories[run_id] = directory
        if self._inotify is not None:
            from inotify_simple import flags

            with contextlib.suppress(FileNotFoundError):
                watch = self._inotify.add_watch(directory, flags.MODIFY)
                self._watches[watch] = run_id

    def remove(self, run_id: UUID) -> None:
        """Watch it no longer. Idempotent."""
        self._callbacks.pop(run_id, None)
        self._directories.pop(run_id, None)
        for watch, watched in list(self._watches.items()):
            if watched == run_id:
                del self._watches[watch]
                with contextlib.suppress(OSError):
                    self._inotify.rm_watch(watch)

    def close(self) -> None:
        """Stop watching."""
        self._is_closed = True
        self._thread.join(2 * _LOOK_S)
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    def _run(self) -> None:
        if self._inotify is None:
            self._poll()
            return
        poller = select.poll()
        poller.register(self._inotify.fileno(), select.POLLIN)
        while not self._is_closed:
            if not poller.poll(_LOOK_S * 1000):
                continue
            changed = {self._watches.get(event.wd) for event in self._inotify.read(timeout=0)}
            for run_id in changed:
                callback = None if run_id is None else self._callbacks.get(run_id)
                if callback is not None:
                    callback()
            # What is written meanwhile is one event again.
            time.sleep(_GATHER_S)

    def _poll(self) -> None:
        sizes: dict[UUID, int] = {}
        while not self._is_closed:
            for run_id, directory in list(self._directories.items()):
                size = _size_of(directory)
                if sizes.get(run_id) != size:
                    sizes[run_id] = size
                    callback = self._callbacks.get(run_id)
                    if callback is not None:
                        callback()
            time.sleep(_POLL_S)


def _size_of(directory: Path) -> int:
    try:
        with os.scandir(directory) as entries:
            return sum(entry.stat().st_size for entry in entries if entry.is_file())
    except OSError:
        return -1
