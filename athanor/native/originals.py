"""The standard library as it was before ``gevent.monkey`` patched it."""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["in_main_thread", "is_patched", "original"]


def is_patched() -> bool:
    """Tell whether this process was patched by gevent. Imports nothing."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def original(module: str, name: str) -> Any:
    """Give the unpatched ``module.name``."""
    if is_patched():
        from gevent import monkey

        return monkey.get_original(module, name)
    return getattr(importlib.import_module(module), name)


_main_thread: int = original("_thread", "get_ident")()
"""The thread that imported this module, which is the service's main one."""


def in_main_thread() -> bool:
    """Tell whether the caller runs in the thread that imported Athanor first, in any greenlet of it."""
    return bool(original("_thread", "get_ident")() == _main_thread)
