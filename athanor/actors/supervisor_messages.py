"""What supervisors are asked and told; sent by the functions of ``supervisor.py`` only."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from athanor.actors.child import Child
    from athanor.actors.child_spec import ChildSpec
    from athanor.actors.life import Life
    from athanor.actors.refusals import Refusal


@dataclass(frozen=True, slots=True)
class StartChild:
    """Add a child and start it, within ``timeout_s`` if given."""

    spec: ChildSpec
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class TerminateChild:
    """Stop a child, or its pending restart."""

    key: Any


@dataclass(frozen=True, slots=True)
class RestartChild:
    """Start a child that is stopped."""

    id: Hashable


@dataclass(frozen=True, slots=True)
class DeleteChild:
    """Forget a child that is stopped."""

    id: Hashable


@dataclass(frozen=True, slots=True)
class WhichChildren:
    """List the children."""


@dataclass(frozen=True, slots=True)
class CountChildren:
    """Count the children."""


@dataclass(frozen=True, slots=True)
class GetChildSpec:
    """Show a child's spec."""

    key: Any


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """Change the supervisor's own policy from now on."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangeChildPolicy:
    """Change a child's policy from now on."""

    key: Any
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChildExited:
    """An incarnation of a child has ended."""

    child: Child
    life: Life


@dataclass(frozen=True, slots=True)
class RetryRestart:
    """A restart is due; void unless ``token`` is still the child's."""

    child: Child
    token: object
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that the asker gets as an exception."""

    refusal: Refusal | ValueError


Query: TypeAlias = WhichChildren | CountChildren | GetChildSpec
