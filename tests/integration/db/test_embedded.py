"""The embedded server meets the directories, leftovers and deaths that it meets in life."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from athanor.db.embedded import DataDirectoryError, EmbeddedDatabaseError, EmbeddedServer
from athanor.native.process import process_alive
from tests.support.eventually import eventually


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="athanor-embedded-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def answers(conninfo: str) -> bool:
    with psycopg.connect(conninfo) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def in_a_process(code: str, directory: Path, *, patched: bool = False) -> subprocess.Popen[str]:
    first = "from gevent import monkey; monkey.patch_all()\n" if patched else ""
    source = (
        f"{first}import sys, pathlib, os, time\n"
        "from athanor.db.embedded import EmbeddedServer\n"
        f"server = EmbeddedServer(pathlib.Path({str(directory)!r}))\n{code}"
    )
    return subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def test_a_second_start_finds_what_the_first_one_kept(directory) -> None:
    server = EmbeddedServer(directory)
    conninfo = server.start()
    with psycopg.connect(conninfo) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    pid = server.pid
    assert server.start() == conninfo
    assert server.pid == pid
    server.stop()
    server.stop()
    assert server.pid is None
    assert not process_alive(pid)
    again = EmbeddedServer(directory)
    with psycopg.connect(again.start()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    again.stop()


def test_nobody_else_may_enter_where_the_cluster_and_its_socket_lie(directory) -> None:
    server = EmbeddedServer(directory)
    server.start()
    try:
        for name in ("postgres", "socket"):
            status = (directory / name).stat()
            assert stat.S_IMODE(status.st_mode) == 0o700
        with psycopg.connect(server.conninfo) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
    finally:
        server.stop()


@pytest.mark.parametrize("patched", [False, True])
def test_kill_9_of_the_service_leaves_no_server_behind(directory, patched) -> None:
    service = in_a_process(
        "server.start(); print(server.pid, flush=True); time.sleep(600)", directory, patched=patched
    )
    pid = int(service.stdout.readline())
    assert process_alive(pid)
    service.kill()
    service.wait()
    service.stdout.close()
    eventually(lambda: not process_alive(pid))
    server = EmbeddedServer(directory)
    assert answers(server.start())
    server.stop()


def test_kill_9_in_the_middle_of_the_first_start_is_made_good_by_the_next(directory) -> None:
    service = in_a_process(
        "import threading\n"
        "threading.Thread(target=server.start, daemon=True).start()\n"
        "while not list(server._data_directory.glob('postgres.new-*')): time.sleep(0.001)\n"
        "print('initialising', flush=True); time.sleep(600)",
        directory,
    )
    assert service.stdout.readline() == "initialising\n"
    service.kill()
    service.wait()
    service.stdout.close()
    server = EmbeddedServer(directory)
    assert answers(server.start())
    server.stop()
    assert list(directory.glob("postgres.new-*")) == []


def test_a_stale_pid_file_with_the_pid_of_somebody_else_is_not_believed(directory) -> None:
    server = EmbeddedServer(directory)
    server.start()
    server.stop()
    pid_file = directory / "postgres" / "postmaster.pid"
    bystander = subprocess.Popen(["/bin/sleep", "600"])
    try:
        pid_file.write_text(f"{bystander.pid}\n{directory}/postgres\n1\n5432\n")
        assert answers(server.start())
        server.stop()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_server_that_was_left_in_the_cluster_is_ended_first(directory) -> None:
    service = in_a_process(
        "server.start(); print(server.pid, flush=True); time.sleep(600)", directory
    )
    pid = int(service.stdout.readline())
    os.kill(pid, signal.SIGSTOP)  # it gets the signal of its parent's death, and cannot act on it
    service.kill()
    service.wait()
    service.stdout.close()
    os.kill(pid, signal.SIGCONT)
    server = EmbeddedServer(directory)
    assert answers(server.start())
    assert server.pid != pid
    assert not process_alive(pid)
    server.stop()


def test_a_path_of_140_characters_works(directory) -> None:
    deep = directory / ("d" * 70) / ("e" * 70)
    server = EmbeddedServer(deep)
    assert answers(server.start())
    server.stop()
    assert (deep / "postgres" / "PG_VERSION").exists()


def test_below_a_closed_directory_it_works_and_the_mode_stays(directory) -> None:
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed / "data")
    assert answers(server.start())
    server.stop()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    if os.geteuid() == 0:  # the server runs as somebody who may not enter: it lies elsewhere
        base = Path((closed / "data" / "postgres.location").read_text().strip())
        assert (base / "postgres" / "PG_VERSION").exists()
        shutil.rmtree(base)


def test_a_file_where_the_directory_should_be_is_refused_by_name(directory) -> None:
    (directory / "file").write_text("x")
    with pytest.raises(DataDirectoryError, match="--data-dir"):
        EmbeddedServer(directory / "file").start()
    with pytest.raises(DataDirectoryError, match="--data-dir"):
        EmbeddedServer(directory / "file" / "below").start()


def test_a_directory_that_cannot_be_made_is_refused_by_name() -> None:
    with pytest.raises(DataDirectoryError, match="/proc/athanor.*--data-dir"):
        EmbeddedServer(Path("/proc/athanor")).start()


def test_what_is_no_cluster_is_left_alone(directory) -> None:
    server = EmbeddedServer(directory)
    (directory / "postgres").mkdir()
    (directory / "postgres" / "thesis.txt").write_text("mine")
    with pytest.raises(EmbeddedDatabaseError, match="is not empty"):
        server.start()
    assert (directory / "postgres" / "thesis.txt").read_text() == "mine"


def test_a_cluster_of_another_major_version_is_refused_with_both_versions(directory) -> None:
    server = EmbeddedServer(directory)
    server.start()
    server.stop()
    (directory / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedDatabaseError, match=r"PostgreSQL 14 and this is PostgreSQL \d+"):
        server.start()


def test_its_last_words_are_in_the_error_when_it_does_not_start(directory) -> None:
    server = EmbeddedServer(directory)
    server.start()
    server.stop()
    with open(directory / "postgres" / "postgresql.conf", "a") as file:
        file.write("\nno_such_setting = 1\n")
    with pytest.raises(EmbeddedDatabaseError, match="no_such_setting"):
        server.start()


def test_the_hub_goes_on_while_the_server_is_made_and_started(directory) -> None:
    service = in_a_process(
        "import gevent\n"
        "ticks = []\n"
        "def tick():\n"
        "    while True: ticks.append(time.monotonic()); gevent.sleep(0.01)\n"
        "gevent.spawn(tick)\n"
        "server.start(); server.stop()\n"
        "gaps = [b - a for a, b in zip(ticks, ticks[1:])]\n"
        "print(len(ticks), max(gaps), flush=True)",
        directory,
        patched=True,
    )
    count, _longest = service.communicate()[0].split()
    # A start takes half a second: a hub that was blocked would have ticked a few times only.
    assert int(count) > 15
