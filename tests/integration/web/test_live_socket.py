"""The live websocket under gevent, against clients that read slowly, stop, flood or lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.integration.web.conftest import Served
from tests.integration.web.raw_client import BINARY, CLOSE, PING, PONG, TEXT, RawClient
from tests.support.eventually import eventually

Serve = Callable[..., Served]


def flood(count: int, size: int) -> str:
    return json.dumps({"op": "flood", "count": count, "size": size})


def read_to_the_close(client: RawClient) -> None:
    while client.receive().opcode != CLOSE:
        pass


def ping_for_ever(client: RawClient) -> NoReturn:
    while True:
        client.send(PING, b"p" * 125)


def test_frames_stay_whole_for_a_slow_reader_while_pings_fly(serve: Serve) -> None:
    served = serve(live={"outbox_bytes": 200_000, "send_buffer_bytes": 4096})
    client = served.client(receive_buffer=4096)
    client.send_text(flood(60, 30_000))
    texts, pongs, pings = [], [], 0
    while len(texts) < 60 or len(pongs) < pings:
        if pings < 60:
            client.send(PING, b"%d" % pings)
            pings += 1
        frame = client.receive(step=1000)
        assert frame.first_byte & 0xF0 == 0x80, "whole frames, uncompressed"
        if frame.opcode == PONG:
            pongs.append(int(frame.payload))
        else:
            assert frame.opcode == TEXT
            texts.append(json.loads(frame.payload))
    assert [text["n"] for text in texts] == list(range(60))
    assert all(text["fill"] == "x" * 30_000 for text in texts)
    assert pongs == list(range(60))
    (subscriber,) = served.subscribers()
    assert subscriber["refused"] > 0, "the outbox was never full, so nothing was shown"
    assert subscriber["drained"] > 0


def test_a_frame_larger_than_the_outbox_is_sent_when_nothing_else_waits(serve: Serve) -> None:
    served = serve(live={"outbox_bytes": 1000})
    with connect(served.live_url, max_size=None, proxy=None) as client:
        client.send(flood(3, 300_000))
        received = [json.loads(client.recv())["n"] for _ in range(3)]
    assert received == [0, 1, 2]


def test_a_stuck_reader_is_closed_with_1013_and_slows_nobody_else(serve: Serve) -> None:
    served = serve(live={"stall_timeout_s": 1.0, "send_buffer_bytes": 4096})
    stuck = served.client(receive_buffer=4096)
    stuck.send_text(flood(200, 30_000))
    eventually(lambda: served.subscribers()[0]["refused"])
    with connect(served.live_url, proxy=None) as other:
        for number in range(20):
            other.send(json.dumps({"n": number}))
            assert json.loads(other.recv(timeout=10)) == {"n": number}
    eventually(lambda: served.subscribers()[0]["closed"])
    numbers = []
    while (frame := stuck.receive()).opcode != CLOSE:
        numbers.append(json.loads(frame.payload)["n"])
    assert frame.close_code == 1013
    assert numbers == list(range(len(numbers))), "what came before the close is whole"
    assert served.subscribers()[0]["closed"] == 1


def test_a_reader_that_never_comes_back_is_cut_off(serve: Serve) -> None:
    served = serve(live={"stall_timeout_s": 0.3, "close_timeout_s": 0.3, "send_buffer_bytes": 4096})
    stuck = served.client(receive_buffer=4096)
    stuck.send_text(flood(200, 30_000))
    eventually(lambda: served.subscribers()[0]["closed"])
    eventually(lambda: served.live_connections() == 0)
    with pytest.raises((EOFError, ConnectionResetError)):
        read_to_the_close(stuck)


def test_a_silent_client_is_pinged_and_closed_when_it_does_not_answer(serve: Serve) -> None:
    served = serve(live={"ping_interval_s": 0.2, "ping_timeout_s": 0.3})
    client = served.client()
    assert client.receive().opcode == PING
    assert client.receive().close_code == 1011
    eventually(lambda: served.subscribers()[0]["closed"])


def test_a_client_that_answers_pings_stays_as_long_as_it_likes(serve: Serve) -> None:
    served = serve(live={"ping_interval_s": 0.1, "ping_timeout_s": 0.5})
    client = served.client()
    for _ in range(10):
        frame = client.receive()
        assert frame.opcode == PING
        client.send(PONG, frame.payload)
    client.send_text("{}")
    assert client.receive().payload == b"{}"


def test_the_server_answers_a_close_and_the_subscriber_hears_of_it(serve: Serve) -> None:
    served = serve()
    client = served.client()
    client.send(CLOSE, (1000).to_bytes(2, "big"))
    assert client.receive().close_code == 1000
    with pytest.raises(EOFError):
        client.receive()
    eventually(lambda: served.subscribers()[0]["closed"])
    client.close()
    eventually(lambda: served.live_connections() == 0)


def test_a_client_that_vanishes_is_noticed(serve: Serve) -> None:
    served = serve()
    client = served.client()
    eventually(lambda: served.live_connections() == 1)
    client.close()
    eventually(lambda: served.subscribers()[0]["closed"])
    eventually(lambda: served.live_connections() == 0)


def test_what_was_offered_before_a_close_is_sent_before_it(serve: Serve) -> None:
    served = serve()
    client = served.client()
    client.send_text(flood(50, 1000))
    client.send_text(json.dumps({"op": "close", "code": 1012, "reason": "moved"}))
    numbers = [json.loads(client.receive().payload)["n"] for _ in range(50)]
    assert numbers == list(range(50))
    frame = client.receive()
    assert (frame.close_code, frame.payload[2:]) == (1012, b"moved")


def test_a_message_of_more_than_64_kib_is_refused_with_1009(serve: Serve) -> None:
    served = serve()
    with connect(served.live_url, proxy=None) as client:
        client.send('{"a":"' + "a" * 65_000 + '"}')
        assert len(client.recv()) == 65_008
        client.send('{"a":"' + "a" * 1_000_000 + '"}')
        with pytest.raises(ConnectionClosed) as closed:
            client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    eventually(lambda: served.live_connections() == 0)


def test_a_binary_message_is_answered_by_an_error_frame_and_the_socket_stays(serve: Serve) -> None:
    served = serve()
    client = served.client()
    client.send(BINARY, b"\x00\x01")
    answer = json.loads(client.receive().payload)
    assert (answer["op"], answer["error"]["code"]) == ("error", "invalid_request")
    client.send_text("{}")
    assert client.receive().payload == b"{}"


def test_text_that_is_no_utf8_closes_with_1007(serve: Serve) -> None:
    served = serve()
    client = served.client()
    client.send(TEXT, b"\xff\xfe")
    assert client.receive().close_code == 1007
    client.close()
    eventually(lambda: served.live_connections() == 0)


def test_a_message_in_fragments_arrives_as_one(serve: Serve) -> None:
    served = serve()
    client = served.client()
    client.send(TEXT, '{"word":"é'.encode()[:-1], final=False)
    client.send(PING, b"between")
    client.send(0, 'é"}'.encode()[1:], final=True)
    assert client.receive().payload == b"between"
    assert json.loads(client.receive().payload) == {"word": "é"}


def test_a_client_that_floods_with_pings_and_never_reads_costs_little_memory(serve: Serve) -> None:
    served = serve(live={"stall_timeout_s": 0.5, "close_timeout_s": 0.3, "send_buffer_bytes": 4096})
    client = served.client(receive_buffer=4096)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        ping_for_ever(client)
    eventually(lambda: served.live_connections() == 0)


def test_another_origin_is_refused_before_the_handshake(serve: Serve) -> None:
    served = serve()
    for origin in ("https://evil.example", "null", f"http://localhost:{served.port + 1}"):
        with pytest.raises(InvalidStatus) as refused:
            connect(served.live_url, origin=origin, proxy=None)  # type: ignore[arg-type] # also "null"
        assert refused.value.response.status_code == 403
    with connect(served.live_url, origin=served.url, proxy=None) as client:  # type: ignore[arg-type] # text
        client.send("{}")
        assert client.recv() == "{}"
    assert len(served.subscribers()) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Key": "é"}, 400),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Upgrade": "h2c"}, 426),
    ],
)
def test_a_handshake_that_is_none_gets_an_error_over_http(
    serve: Serve, headers: dict[str, str], status: int
) -> None:
    assert serve().client(**headers).status == status


def test_compression_is_not_agreed_on(serve: Serve) -> None:
    client = serve().client(Sec_WebSocket_Extensions="permessage-deflate")
    assert client.status == 101
    assert "sec-websocket-extensions" not in client.head.lower()


def test_more_connections_than_allowed_are_answered_503_until_one_leaves(serve: Serve) -> None:
    served = serve(live={"max_connections": 2})
    first, _second = served.client(), served.client()
    eventually(lambda: served.live_connections() == 2)
    refused = served.client()
    assert refused.status == 503
    assert "retry-after" in refused.head.lower()
    first.close()
    eventually(lambda: served.live_connections() == 1)
    assert served.client().status == 101


def test_a_service_that_takes_no_subscriber_closes_with_1012(serve: Serve) -> None:
    served = serve()
    served.tell("refuse")
    client = served.client()
    client.send_text("{}")
    assert client.receive().close_code == 1012


def test_a_stop_closes_with_1012_and_a_restart_has_the_same_port(serve: Serve) -> None:
    served = serve()
    clients = [served.client() for _ in range(3)]
    eventually(lambda: served.live_connections() == 3)
    port = served.port
    process = served.process
    assert process.stdin is not None
    process.stdin.write("restart\n")
    process.stdin.flush()
    for client in clients:
        assert client.receive().close_code == 1012
        client.close()
    assert served._answer()["port"] == port
    assert served.client().status == 101


def test_a_stop_does_not_wait_for_a_client_that_is_stuck(serve: Serve) -> None:
    served = serve(stop_s=1.5, live={"send_buffer_bytes": 4096})
    client = served.client(receive_buffer=4096)
    client.send_text(flood(200, 30_000))
    eventually(lambda: served.subscribers()[0]["refused"])
    assert served.tell("stop") == {"stopped": True}
    assert served.process.wait(10) == 0
