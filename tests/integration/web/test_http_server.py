"""The HTTP server under gevent, against clients that are slow, too large, or no HTTP at all."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
import requests

from athanor.domain.errors import SettingsError
from athanor.web.listener import open_listener
from tests.integration.web.conftest import Served

Serve = Callable[..., Served]


@contextmanager
def dialled(served: Served) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", served.port), timeout=30)) as sock:
        yield sock


def until_end(sock: socket.socket) -> bytes:
    received = b""
    while data := sock.recv(65536):
        received += data
    return received


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def head(served: Served, line: str, *more: str) -> bytes:
    lines = (line, f"Host: 127.0.0.1:{served.port}", *more)
    return "".join(f"{one}\r\n" for one in lines).encode() + b"\r\n"


def test_one_connection_serves_several_requests_and_names_no_software(serve: Serve) -> None:
    served = serve()
    with requests.Session() as session:
        for _ in range(3):
            answer = session.get(served.url + "/healthz", timeout=30)
            assert answer.json() == {"status": "ok"}
            assert "Server" not in answer.headers
    with dialled(served) as sock:
        request = head(served, "GET /healthz HTTP/1.1")
        sock.sendall(request + request + head(served, "GET /healthz HTTP/1.1", "Connection: close"))
        assert until_end(sock).count(b"HTTP/1.1 200 OK") == 3


def test_a_large_result_comes_whole_also_to_a_slow_reader(serve: Serve) -> None:
    served = serve(large=5_000_000, server={"idle_timeout_s": 10.0})
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(30)
        sock.connect(("127.0.0.1", served.port))
        path = f"/api/v1/runs/{served.run}/results/1"
        sock.sendall(head(served, f"GET {path} HTTP/1.1", "Connection: close"))
        _, _, body = until_end(sock).partition(b"\r\n\r\n")
    assert json.loads(body)["value"] == "y" * 5_000_000
    packed = served.get(path, headers={"Accept-Encoding": "gzip"}, stream=True)
    assert gzip.decompress(packed.raw.read()) == body


def test_a_head_that_comes_too_slowly_is_answered_408(serve: Serve) -> None:
    served = serve(server={"head_timeout_s": 0.2})
    with dialled(served) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert status(until_end(sock)) == 408


def test_a_head_that_is_too_large_is_answered_431(serve: Serve) -> None:
    served = serve(server={"head_limit_bytes": 4096})
    with dialled(served) as sock:
        sock.sendall(head(served, "HEAD /healthz HTTP/1.1", f"X-Padding: {'p' * 3000}"))
        assert status(sock.recv(65536)) == 200
        sock.sendall(b"GET /healthz HTTP/1.1\r\n" + b"X: " + b"p" * 5000)
        assert status(until_end(sock)) == 431


def test_an_idle_connection_is_closed_without_a_word(serve: Serve) -> None:
    served = serve(server={"idle_timeout_s": 0.2})
    with dialled(served) as sock:
        assert until_end(sock) == b""


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_400_and_only_that(serve: Serve, request_bytes: bytes) -> None:
    served = serve()
    with dialled(served) as sock:
        sock.sendall(request_bytes)
        assert status(until_end(sock)) == 400


def test_a_body_that_comes_too_slowly_is_answered_408(serve: Serve) -> None:
    served = serve(server={"body_timeout_s": 0.2})
    with dialled(served) as sock:
        line = "POST /api/v1/instances HTTP/1.1"
        sock.sendall(
            head(served, line, "Content-Type: application/json", "Content-Length: 10") + b"{"
        )
        answer = until_end(sock)
    assert status(answer) == 408
    assert b'"request_timeout"' in answer


def test_a_body_that_is_too_large_is_answered_413_before_it_is_sent(serve: Serve) -> None:
    served = serve()
    with dialled(served) as sock:
        line = "POST /api/v1/instances HTTP/1.1"
        more = ("Content-Type: application/json", "Expect: 100-continue")
        sock.sendall(head(served, line, *more, "Content-Length: 99999999"))
        answer = until_end(sock)
    assert status(answer) == 413
    assert b'"too_large"' in answer


@pytest.mark.parametrize("size", [5_000_000, 100_000_000])
def test_a_client_that_sends_too_much_all_the_same_can_read_why(serve: Serve, size: int) -> None:
    served = serve(server={"discard_limit_bytes": 200_000_000})
    answer = requests.post(
        served.url + "/api/v1/instances",
        data=b"x" * size,
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["details"]["limit_bytes"] == 4 * 1024 * 1024


def test_a_chunked_body_is_read_and_is_limited_too(serve: Serve) -> None:
    served = serve()
    body = json.dumps({"experiment": "counter", "name": "in pieces"}).encode()
    pieces = iter([body[:10], body[10:]])
    headers = {"Content-Type": "application/json"}
    url = served.url + "/api/v1/instances"
    assert requests.post(url, data=pieces, headers=headers, timeout=30).status_code == 201
    large = iter([b" " * 1_000_000] * 5)
    assert requests.post(url, data=large, headers=headers, timeout=30).status_code == 413


def test_a_body_that_asks_for_an_upgrade_is_read_to_its_end_and_no_further(serve: Serve) -> None:
    served = serve()
    body = b'{"experiment":"counter","name":"upgraded"}'
    more = ("Connection: Upgrade", "Upgrade: h2c", "Content-Type: application/json")
    with dialled(served) as sock:
        line = "POST /api/v1/instances HTTP/1.1"
        sock.sendall(head(served, line, *more, f"Content-Length: {len(body)}") + body)
        sock.sendall(head(served, "GET /healthz HTTP/1.1", "Connection: close"))
        answer = until_end(sock)
    assert status(answer) == 201
    assert answer.endswith(b'{"status":"ok"}')


def test_a_body_that_ends_early_is_answered_400(serve: Serve) -> None:
    served = serve()
    with dialled(served) as sock:
        line = "POST /api/v1/instances HTTP/1.1"
        sock.sendall(head(served, line, "Content-Type: application/json", "Content-Length: 10"))
        sock.shutdown(socket.SHUT_WR)
        assert status(until_end(sock)) == 400


def test_head_has_the_headers_of_get_and_no_body(serve: Serve) -> None:
    served = serve()
    with dialled(served) as sock:
        sock.sendall(head(served, "HEAD /readyz HTTP/1.1", "Connection: close"))
        answer = until_end(sock)
    assert status(answer) == 200
    assert answer.endswith(b"\r\n\r\n")
    assert f"Content-Length: {len(served.get('/readyz').content)}".encode() in answer


def test_a_restart_keeps_the_port_and_does_not_wait_for_idle_connections(serve: Serve) -> None:
    served = serve(stop_s=30.0)
    with dialled(served) as sock:
        sock.sendall(head(served, "HEAD /healthz HTTP/1.1"))
        assert status(sock.recv(65536)) == 200
        # Were the idle connection waited for, this would take the thirty seconds that a test has.
        sock.settimeout(10)
        assert served.tell("restart")["port"] == served.port
        assert until_end(sock) == b""
    assert served.get("/healthz").status_code == 200


def test_a_request_between_two_servers_waits_and_is_answered_by_the_second(serve: Serve) -> None:
    served = serve()
    assert served.process.stdin is not None
    served.process.stdin.write("restart\n" * 5)
    served.process.stdin.flush()
    for _ in range(50):
        assert served.get("/healthz", headers={"Connection": "close"}).status_code == 200
    assert [served._answer()["port"] for _ in range(5)] == [served.port] * 5


def test_a_port_in_use_is_refused_by_the_name_of_the_option() -> None:
    with closing(open_listener("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"--port: {port} is in use"):
            open_listener("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "option"),
    [("127.0.0.1", 65536, "--port"), ("203.0.113.1", 0, "--host"), ("no such name", 0, "--host")],
)
def test_an_address_that_is_none_is_refused_by_the_name_of_the_option(
    host: str, port: int, option: str
) -> None:
    with pytest.raises(SettingsError, match=option):
        open_listener(host, port)
