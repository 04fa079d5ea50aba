"""The errors that Athanor expects, as one tree.

An error here is an answer, not an accident: a handler that raises one while it is asked has
answered; anything else that escapes an actor is a crash.

::

    AthanorError                      internal
    ├── InvalidInput                  invalid_request      the request itself is malformed
    │   └── ValidationFailed          validation_failed    well-formed, but values are refused
    ├── NotFoundError                 not_found
    │   ├── ExperimentNotFound        experiment_not_found
    │   ├── InstanceNotFound          instance_not_found
    │   ├── RunNotFound               run_not_found
    │   ├── ItemNotFound              item_not_found
    │   └── ActorNotFound             actor_not_found
    ├── ConflictError                 conflict
    │   ├── RunIsFinal                run_final
    │   ├── RunIsActive               run_active
    │   ├── InstanceIsActive          instance_active
    │   ├── ExperimentUnavailable     experiment_unavailable
    │   └── RevisionMismatch          revision_mismatch    (412)
    ├── DatabaseAway                  database_away        (503)
    ├── ServiceStopping               service_stopping     (503)
    └── SettingsError                 invalid_settings     refused at start, names the key

What an error means over HTTP is decided in ``athanor/web/errors.py`` and nowhere else.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "ActorNotFound",
    "AthanorError",
    "ConflictError",
    "DatabaseAway",
    "ExperimentNotFound",
    "ExperimentUnavailable",
    "InstanceIsActive",
    "InstanceNotFound",
    "InvalidInput",
    "ItemNotFound",
    "NotFoundError",
    "RevisionMismatch",
    "RunIsActive",
    "RunIsFinal",
    "RunNotFound",
    "ServiceStopping",
    "SettingsError",
    "ValidationFailed",
]


class AthanorError(Exception):
    """An expected error: a stable ``code``, a sentence for people, details for programs."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(AthanorError):
    """The request is malformed: not JSON, not a UUID, an unknown parameter."""

    code = "invalid_request"


class ValidationFailed(InvalidInput):
    """The request is well-formed and its values are refused; ``details["errors"]`` has one entry a field.

    Each entry is ``{"loc": [...], "message": str, "type": str}``.
    """

    code = "validation_failed"


class NotFoundError(AthanorError):
    """What was asked for does not exist."""

    code = "not_found"


class ExperimentNotFound(NotFoundError):
    """No experiment has this name."""

    code = "experiment_not_found"


class InstanceNotFound(NotFoundError):
    """No instance has this id."""

    code = "instance_not_found"


class RunNotFound(NotFoundError):
    """No run has this id."""

    code = "run_not_found"


class ItemNotFound(NotFoundError):
    """The run has no item of this kind with this ``seq``."""

    code = "item_not_found"


class ActorNotFound(NotFoundError):
    """The supervision tree has no actor at this path."""

    code = "actor_not_found"


class ConflictError(AthanorError):
    """The request is fine and the state of the thing forbids it."""

    code = "conflict"


class RunIsFinal(ConflictError):
    """The run has ended, so it can no longer be cancelled."""

    code = "run_final"


class RunIsActive(ConflictError):
    """The run has not ended, so it cannot be deleted."""

    code = "run_active"


class InstanceIsActive(ConflictError):
    """A run of the instance has not ended, so the instance cannot be deleted."""

    code = "instance_active"


class ExperimentUnavailable(ConflictError):
    """The experiment is known and cannot be imported, so nothing of it can be started."""

    code = "experiment_unavailable"


class RevisionMismatch(ConflictError):
    """The thing was changed by somebody else since the caller read it."""

    code = "revision_mismatch"


class DatabaseAway(AthanorError):
    """The database does not answer; runs go on and their items wait in their journals."""

    code = "database_away"


class ServiceStopping(AthanorError):
    """The service is going down and takes no new work."""

    code = "service_stopping"


class SettingsError(AthanorError):
    """A setting is wrong; the message names its key and where it came from."""

    code = "invalid_settings"
