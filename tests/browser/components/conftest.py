"""One Chromium and one page for the tests of components, served without the service."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import athanor

HARNESS = Path(__file__).parent
STATIC = Path(athanor.__file__).parent / "web" / "static"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# As strict as the service's own, so that a component that breaks it is found here.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'"
)


class StaticHandler(http.server.SimpleHTTPRequestHandler):
    """Serves `/static/` from the package and `/harness/` from beside this file."""

    extensions_map = {  # noqa: RUF012 -- the base class declares it so
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
    }

    def translate_path(self, path: str) -> str:
        parts = urlsplit(path).path.strip("/").split("/")
        root = {"static": STATIC, "harness": HARNESS}.get(parts[0])
        if root is None or ".." in parts:
            return str(HARNESS / "there-is-no-such-file")
        return str(root.joinpath(*parts[1:]))

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- named so by the base class
        """Keep quiet: failures are seen in the page."""


@pytest.fixture(scope="session")
def components_url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(StaticHandler))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def components_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_page(components_browser: Browser, components_url: str) -> Iterator[Page]:
    """One page for all tests; `page` checks after each that it said nothing."""
    context = components_browser.new_context(
        viewport={"width": 1024, "height": 768}, accept_downloads=True, locale="en-GB"
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.goto(f"{components_url}/harness/harness.html")
    opened.wait_for_function("() => window.harness !== undefined", timeout=10_000)
    yield opened
    context.close()


@pytest.fixture
def page(shared_page: Page) -> Iterator[Page]:
    said: list[str] = []

    def on_console(message: Any) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    def on_error(error: Any) -> None:
        said.append(str(error))

    shared_page.on("console", on_console)
    shared_page.on("pageerror", on_error)
    yield shared_page
    shared_page.evaluate("() => window.harness.clear()")
    shared_page.remove_listener("console", on_console)
    shared_page.remove_listener("pageerror", on_error)
    assert said == [], "the page complained"
