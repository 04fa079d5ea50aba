"""What may be wrong with the data directory or with the embedded server."""

from __future__ import annotations

from athanor.domain.errors import AthanorError, SettingsError

__all__ = ["DataDirectoryError", "EmbeddedDatabaseError"]


class DataDirectoryError(SettingsError):
    """The data directory cannot be used; the message names ``--data-dir`` and what is wrong."""

    code = "data_directory"


class EmbeddedDatabaseError(AthanorError):
    """The embedded server cannot be set up or does not start; the message has its last words."""

    code = "embedded_database"
