"""Importing a plugin and finding the experiments in it. Runs in children, and for threads in the service."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from athanor.domain.execution import ExperimentSource
from athanor.domain.experiment import Experiment

__all__ = ["experiments_in", "load_experiment", "load_module"]


def load_module(kind: str, location: str) -> ModuleType:
    """Import a module by name, or a ``.py`` file; lets out whatever its import raises.

    A file is imported under its own stem with its folder first on the path, so that what it pickles
    is found by the processes that it starts; under another name when that stem is taken.
    """
    if kind == "module":
        return importlib.import_module(location)
    path = Path(location)
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = path.stem
    present = sys.modules.get(name)
    if present is not None and getattr(present, "__file__", None) != str(path):
        name = f"athanor_plugin_{abs(hash(str(path))):x}"
    elif present is not None:
        return present
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def experiments_in(module: ModuleType) -> dict[str, type[Experiment[Any]]]:
    """Give the experiments that a module defines, by the attribute that holds them."""
    found: dict[str, type[Experiment[Any]]] = {}
    for attribute, value in vars(module).items():
        experiment = as_experiment(value)
        if experiment is None or value.__module__ != module.__name__:
            continue  # none, or one that was imported from elsewhere
        if experiment not in found.values():
            found[attribute] = experiment
    return found


def as_experiment(value: Any) -> type[Experiment[Any]] | None:
    """Give the experiment that an attribute is, or None: a concrete class, or a decorated function."""
    if inspect.isclass(value):
        if issubclass(value, Experiment) and not inspect.isabstract(value):
            return value
        return None
    return getattr(value, "__athanor_experiment__", None) if inspect.isfunction(value) else None


def load_experiment(source: ExperimentSource) -> type[Experiment[Any]]:
    """Import the experiment of a source. Raises what its import raises, or ``ImportError``."""
    module = load_module(source.kind, source.location)
    value: Any = module
    for name in source.attribute.split("."):
        value = getattr(value, name, None)
    experiment = as_experiment(value)
    if experiment is None:
        raise ImportError(f"{source.location} has no experiment {source.attribute}")
    return experiment
