"""Messages that arrive later. A timer belongs to whoever started it, who cancels it in ``on_stop``."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from athanor.actors.calls import cast

if TYPE_CHECKING:
    from athanor.actors.names import ProcessRefOrName

__all__ = ["Timer", "send_after"]

Timer = threading.Timer


def send_after(delay_s: float, target: ProcessRefOrName, message: Any) -> Timer:
    """Cast ``message`` to ``target`` after ``delay_s`` seconds; nothing happens if it is gone by then."""
    timer = threading.Timer(delay_s, cast, args=(target, message))
    timer.daemon = True
    timer.start()
    return timer
