"""The composition root: builds the parts of a service, starts its tree, and takes it down again.

Imported only after ``gevent.monkey.patch_all()``. ``serve`` runs until it is told to stop or until
root gives up; then the process ends with a status that makes whoever started it start it again.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import gevent

from athanor import __version__
from athanor.actors import announcements
from athanor.actors.broadcaster import publish
from athanor.actors.calls import bind_main_hub, cast
from athanor.actors.client import ServiceClient
from athanor.actors.messages import PrepareStop, StateChanged, UnitGaveUp
from athanor.actors.names import registered
from athanor.actors.reconciler import RECONCILER
from athanor.actors.refusals import StartError
from athanor.actors.reports import TreeEvent
from athanor.actors.reports import subscribe as subscribe_to_tree
from athanor.actors.run_registry import RUN_REGISTRY, RUN_SUPERVISOR
from athanor.actors.run_server import RunServerParts
from athanor.actors.supervisor import NORMAL, monitor, stop
from athanor.actors.tree import TreeParts, start_tree
from athanor.actors.writer import RUN_SERVER_PREFIX
from athanor.db.database import Database
from athanor.db.embedded import DataDirectoryError, EmbeddedServer
from athanor.db.embedded.places import prepare_data_directory
from athanor.db.stores import postgres_stores
from athanor.domain.errors import AthanorError, DatabaseAway
from athanor.domain.topics import OPS_TREE
from athanor.execution.catalog import ExperimentCatalogue
from athanor.execution.table import ExecutionTable
from athanor.settings import Settings
from athanor.web.app import create_app
from athanor.web.server import WebServer
from athanor.web.settings import WebSettings, host_names_for

__all__ = ["EXIT_GAVE_UP", "EXIT_REFUSED", "migrate", "serve"]

EXIT_REFUSED: Final = 2
"""The service was not started: a setting, the data directory or the port is wrong."""

EXIT_GAVE_UP: Final = 70
"""Root gave up. Whoever started the service starts it again, and it goes on where it was."""

STOP_PATIENCE_S: Final = 45.0

logger = logging.getLogger("athanor.runtime")


class DataDirectoryLock:
    """Keeps a second service out of a data directory; held until the process ends or ``release``."""

    def __init__(self, data_directory: Path) -> None:
        path = data_directory / "service.lock"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 64, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise DataDirectoryError(
                f"the data directory {data_directory} is in use by the Athanor with process id "
                f"{holder}; stop that one, or choose another with --data-dir"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next service in."""
        os.close(self._file)


def service_identity(data_directory: Path) -> UUID:
    """Give the identity of the service of this data directory; made at its first start."""
    path = data_directory / "identity"
    with contextlib.suppress(FileNotFoundError, ValueError):
        return UUID(path.read_text(encoding="ascii").strip())
    identity = uuid4()
    _write_private(path, f"{identity}\n")
    return identity


@dataclass(slots=True)
class Service:
    """The parts of one running service."""

    settings: Settings
    data_directory: Path
    owner: UUID
    database: Database
    embedded: EmbeddedServer | None
    executions: ExecutionTable
    client: ServiceClient
    token: str
    web: WebServer | None = None

    def make_web_server(self) -> WebServer:
        """Make the web server; one that is made again listens at the same port."""
        port = self.web.port if self.web is not None else self.settings.port
        app = create_app(
            self.client,
            WebSettings(
                host_names=host_names_for(self.settings.host, *self.settings.allowed_hosts),
                version=__version__,
                token=self.token,
            ),
        )
        self.web = WebServer(app, self.settings.host, port)
        return self.web

    @property
    def url(self) -> str:
        """Where the service answers."""
        port = self.web.port if self.web is not None else self.settings.port
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{port}"


def build(settings: Settings, data_directory: Path) -> Service:
    """Put the parts together; nothing is started yet."""
    database = Database()
    stores = postgres_stores(database, lease_s=settings.lease_s)
    owner = service_identity(data_directory)
    catalog = ExperimentCatalogue(
        [Path(file) for file in settings.files], import_timeout_s=settings.import_timeout_s
    )
    executions = ExecutionTable(data_directory)
    client = ServiceClient(
        stores=stores,
        catalog=catalog,
        executions=executions,
        control=database,
        owner=owner,
        version=__version__,
        now=lambda: datetime.now(UTC),
    )
    return Service(
        settings=settings,
        data_directory=data_directory,
        owner=owner,
        database=database,
        embedded=EmbeddedServer(data_directory) if settings.database_url is None else None,
        executions=executions,
        client=client,
        token=secrets.token_urlsafe(32),
    )


def serve(settings: Settings) -> int:
    """Run a service until SIGTERM or SIGINT and give its exit status."""
    try:
        data_directory = prepare_data_directory(Path(settings.data_dir))
        lock = DataDirectoryLock(data_directory)
    except AthanorError as error:
        return _refuse(error)
    try:
        return _serve(build(settings, data_directory))
    except AthanorError as error:
        return _refuse(error)
    finally:
        lock.release()


def _serve(service: Service) -> int:
    bind_main_hub()
    # So that a busy native thread gives the interpreter back to the hub in time.
    sys.setswitchinterval(0.0005)
    stopping = gevent.event.Event()
    gave_up = gevent.event.Event()
    unsubscribe = subscribe_to_tree(_tell_tree_event)
    settings = service.settings
    parts = TreeParts(
        control=service.database,
        database_url=settings.database_url,
        database_server=service.embedded,
        runs=RunServerParts(
            stores=service.client.stores,
            executions=service.executions,
            catalog=service.client.catalog,
            owner=service.owner,
            cancel_grace_s=settings.cancel_grace_s,
            terminate_grace_s=settings.terminate_grace_s,
        ),
        register=lambda: service.client.stores.services.register(
            service.owner, socket.gethostname(), os.getpid()
        ),
        make_web_server=service.make_web_server,
        reconcile_interval_s=settings.heartbeat_s,
    )
    try:
        root = start_tree(parts)
    except StartError as error:
        unsubscribe()
        if service.embedded is not None:
            service.embedded.stop()
        return _refuse(_cause(error))

    def root_ended(*_: object) -> None:
        gave_up.set()
        stopping.set()

    monitor(root, root_ended)
    watchers = [gevent.signal_handler(number, stopping.set) for number in _STOP_SIGNALS]
    _write_service_file(service)
    gc.freeze()  # what is here now stays: later collections need not look at it
    print(f"Athanor is at {service.url}", flush=True)  # noqa: T201 # the one line for whoever waits
    try:
        stopping.wait()
    finally:
        for watcher in watchers:
            watcher.cancel()
        unsubscribe()
    status = EXIT_GAVE_UP if gave_up.is_set() else 0
    _take_down(service, None if gave_up.is_set() else root)
    return status


_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def _take_down(service: Service, root: object | None) -> None:
    """Stop in a reasoned order: no new runs, executions asked and then ended, then the tree."""
    service.client.is_stopping = True
    with contextlib.suppress(FileNotFoundError):
        (service.data_directory / "service.json").unlink()
    if root is not None:
        cast(RUN_REGISTRY, PrepareStop())
        _wait_for(_no_run_servers, service.settings.stop_grace_s)
        service.executions.stop_all()
        _wait_for(_no_run_servers, STOP_PATIENCE_S / 3)
        with contextlib.suppress(DatabaseAway):
            service.client.stores.services.release(service.owner)
        stop(root, NORMAL, timeout=STOP_PATIENCE_S)
    service.executions.stop_all()
    service.executions.close()
    service.client.catalog.close()  # type: ignore[attr-defined] # the catalogue built above
    service.database.close()
    if service.embedded is not None:
        service.embedded.stop()


def _no_run_servers() -> bool:
    return not any(
        isinstance(name, str) and name.startswith(RUN_SERVER_PREFIX) for name in registered()
    )


def _wait_for(condition: Callable[[], bool], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def _tell_tree_event(event: TreeEvent) -> None:
    """Publish what happens in the tree, and have the reconciler end a run whose unit gave up."""
    if event.event == "supervisor_gave_up":
        parent, _, name = event.path.rpartition(".")
        if parent == RUN_SUPERVISOR:
            with contextlib.suppress(ValueError):
                cast(RECONCILER, UnitGaveUp(UUID(name)))
    at = datetime.fromtimestamp(event.at, UTC)
    data = announcements.encode(
        {
            "path": event.path,
            "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reason": None if event.reason is None else repr(event.reason)[:500],
            **event.details,
        }
    )
    publish([StateChanged(OPS_TREE, event.event, data, f"{event.path}:{event.at}")])


def migrate(settings: Settings) -> list[str]:
    """Bring the database's schema up to date without serving; gives the versions that it has.

    Starts the embedded server for the time of it. Raises ``AthanorError``.
    """
    with _database(settings) as database, database.transaction() as connection:
        rows = connection.execute("SELECT version, name FROM schema_migrations ORDER BY version")
        return [f"{version:04d} {name}" for version, name in rows.fetchall()]


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database()
    if settings.database_url is not None:
        database.open(settings.database_url)
        try:
            yield database
        finally:
            database.close()
        return
    data_directory = prepare_data_directory(Path(settings.data_dir))
    lock = DataDirectoryLock(data_directory)
    server = EmbeddedServer(data_directory)
    try:
        database.open(server.start())
        yield database
    finally:
        database.close()
        server.stop()
        lock.release()


def _write_service_file(service: Service) -> None:
    """Tell the command line on this machine where the service is; for its owner only."""
    content = {
        "url": service.url,
        "pid": os.getpid(),
        "token": service.token,
        "version": __version__,
        "database_url": service.embedded.conninfo if service.embedded else None,
    }
    _write_private(service.data_directory / "service.json", json.dumps(content) + "\n")


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    unfinished.replace(path)


def _cause(error: BaseException) -> BaseException:
    """Find the expected error behind a start that failed, if there is one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, AthanorError):
            return seen
        reason = getattr(seen, "reason", None)
        detail = getattr(reason, "detail", None)
        exception = getattr(reason, "exception", None)
        if exception is None and isinstance(detail, tuple):
            exception = getattr(detail[-1], "exception", None)
        seen = exception if isinstance(exception, BaseException) else seen.__cause__
    return error


def _refuse(error: BaseException) -> int:
    """Say why the service does not start."""
    message = error.message if isinstance(error, AthanorError) else repr(error)
    print(f"athanor: {message}", file=sys.stderr, flush=True)  # noqa: T201 # refused before logging
    if not isinstance(error, AthanorError):
        logger.error("the service did not start", exc_info=error)
    return EXIT_REFUSED
