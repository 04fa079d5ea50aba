"""Athanor: a harness for long experiments.

What a plugin needs is here; nothing else of Athanor is meant for plugins::

    from athanor import Definition, Experiment, RunContext
"""

from athanor.domain.context import Cancelled, InstanceSnapshot, RunContext, RunSnapshot
from athanor.domain.experiment import Definition, Experiment, experiment

__version__ = "0.1.0"

__all__ = [
    "Cancelled",
    "Definition",
    "Experiment",
    "InstanceSnapshot",
    "RunContext",
    "RunSnapshot",
    "experiment",
]
