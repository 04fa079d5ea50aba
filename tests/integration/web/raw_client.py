"""A websocket client that does nothing by itself: it reads as slowly, and answers as little, as asked."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


@dataclass(frozen=True)
class Frame:
    opcode: int
    payload: bytes
    first_byte: int

    @property
    def close_code(self) -> int:
        assert self.opcode == CLOSE
        return int.from_bytes(self.payload[:2], "big")


class RawClient:
    """One socket, shaken hands by hand."""

    def __init__(self, port: int, receive_buffer: int | None = None, **headers: str) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", port))
        given = {
            "Host": f"127.0.0.1:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        self.socket.sendall(f"GET /api/v1/live HTTP/1.1\r\n{head}\r\n".encode())
        self._read = b""
        while b"\r\n\r\n" not in self._read:
            self._read += self._recv(4096)
        answer, _, self._read = self._read.partition(b"\r\n\r\n")
        self.head = answer.decode()
        self.status = int(self.head.split()[1])

    def _recv(self, size: int) -> bytes:
        data = self.socket.recv(size)
        if not data:
            raise EOFError
        return data

    def _exactly(self, size: int, step: int) -> bytes:
        while len(self._read) < size:
            self._read += self._recv(step)
        data, self._read = self._read[:size], self._read[size:]
        return data

    def receive(self, step: int = 65536) -> Frame:
        """Give the next frame, reading ``step`` bytes at a time. Raises ``EOFError`` at the end."""
        first, second = self._exactly(2, step)
        assert not second & 0x80, "a server does not mask"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self._exactly(2, step))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._exactly(8, step))
        return Frame(first & 0x0F, self._exactly(length, step), first)

    def send(self, opcode: int, payload: bytes, *, final: bool = True) -> None:
        """Send a frame, masked as clients must."""
        mask = os.urandom(4)
        head = bytes([opcode | (0x80 if final else 0)])
        size = len(payload)
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        whole = int.from_bytes(payload, "big") ^ int.from_bytes(
            (mask * (size // 4 + 1))[:size], "big"
        )
        self.socket.sendall(head + mask + whole.to_bytes(size, "big"))

    def send_text(self, text: str) -> None:
        self.send(TEXT, text.encode())

    def close(self) -> None:
        self.socket.close()
