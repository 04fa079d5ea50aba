"""The program under test: ``FakeService`` served under gevent, in a process of its own.

Its settings come as JSON in the first argument. It prints one line of JSON with its port, and then
obeys lines on its standard input: ``restart``, ``refuse``, ``stop``. What the subscribers saw is in
``GET /api/v1/ops/tree``.
"""

# ruff: noqa: E402 # patching comes before everything else, as in the service
from gevent import monkey

monkey.patch_all()

import json
import sys
from typing import Any

from gevent.fileobject import FileObject

from athanor.domain.errors import ServiceStopping
from athanor.domain.items import ItemKind
from athanor.domain.ports import Connection
from athanor.web.app import create_app
from athanor.web.listener import open_listener
from athanor.web.server import WebServer
from athanor.web.settings import LiveSettings, ServerSettings, WebSettings, host_names_for
from tests.support.fake_service import FakeService, FakeSubscriber


class FloodingSubscriber(FakeSubscriber):
    """Echoes, and floods on request, going on where it was refused as the real one does."""

    flood_at = 0
    flood_to = 0
    flood_size = 0
    refused_times = 0

    def receive(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        match message.get("op"):
            case "flood":
                self.flood_size = message["size"]
                self.flood_to += message["count"]
                self._flood()
            case "close":
                self.connection.close(message["code"], message["reason"])
            case "fail":
                raise RuntimeError("as asked")
            case _:
                super().receive(frame)

    def drained(self) -> None:
        super().drained()
        self._flood()

    def _flood(self) -> None:
        while self.flood_at < self.flood_to:
            frame = b'{"n":%d,"fill":"%b"}' % (self.flood_at, b"x" * self.flood_size)
            if not self.connection.offer([frame]):
                self.refused_times += 1
                return
            self.flood_at += 1


class ServedService(FakeService):
    """Tells in its tree what its subscribers saw."""

    refuses = False

    def subscribe(self, connection: Connection) -> FakeSubscriber:
        if self.refuses:
            raise ServiceStopping("going down")
        subscriber = FloodingSubscriber(connection)
        self.subscribers.append(subscriber)
        return subscriber

    def tree(self) -> dict[str, Any]:
        return {
            "id": "root",
            "state": "running",
            "children": [],
            "subscribers": [
                {
                    "closed": one.closed_times,
                    "drained": one.drained_times,
                    "refused": one.refused_times,
                    "offered": one.flood_at,
                }
                for one in self.subscribers
                if isinstance(one, FloodingSubscriber)
            ],
        }


def main() -> None:
    options = json.loads(sys.argv[1])
    service = ServedService()
    instance = service.create_instance("counter", "served", "", {})
    run = service.start_run(instance.id)
    service.emit(run.id, ItemKind.RESULT, key="large", value="y" * options.get("large", 10))
    live = LiveSettings(**options.get("live", {}))
    settings = WebSettings(host_names_for("127.0.0.1"), "0", "token", live=live)
    limits = ServerSettings(**options.get("server", {}))
    listener = open_listener("127.0.0.1", 0)
    app = create_app(service, settings)

    def serve() -> WebServer:
        server = WebServer(app, "127.0.0.1", 0, listener=listener, settings=limits)
        server.start()
        return server

    server = serve()
    print(json.dumps({"port": server.port, "run": str(run.id)}), flush=True)
    for line in FileObject(sys.stdin.buffer, "rb"):
        match line.strip():
            case b"restart":
                server.stop(options.get("stop_s", 5.0))
                server = serve()
                print(json.dumps({"port": server.port}), flush=True)
            case b"refuse":
                service.refuses = True
                print("{}", flush=True)
            case b"stop":
                break
    server.stop(options.get("stop_s", 5.0))
    print(json.dumps({"stopped": True}), flush=True)


if __name__ == "__main__":
    main()
