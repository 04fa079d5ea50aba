"""The dashboard's pages: one HTML shell for all of them, and the static files that it loads.

The shell is ``static/index.html``. The dashboard reads the address by itself and talks to the API,
so a page is the same for every address, and one that there is not is the shell with status 404.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, request, send_from_directory
from werkzeug.exceptions import NotFound

from athanor.web.app_state import state
from athanor.web.errors import error_response

__all__ = ["install_shell_for_strangers", "pages"]

pages = Blueprint("pages", __name__)

# By ourselves, as with ``nosniff`` a wrong table on the machine would leave a blank page.
_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}

_NO_DASHBOARD: Final = (
    "<!doctype html><html lang='en'><meta charset='utf-8'><title>Athanor</title>"
    "<h1>Athanor</h1><p>The dashboard is not part of this installation. "
    "The API is described at <a href='/api/v1/docs'>/api/v1/docs</a>.</p></html>"
)


@pages.get("/")
@pages.get("/experiments")
@pages.get("/experiments/new")
@pages.get("/experiments/<instance_id>")
@pages.get("/experiments/<instance_id>/edit")
@pages.get("/runs")
@pages.get("/runs/<run_id>")
@pages.get("/ops")
def page(instance_id: str = "", run_id: str = "") -> Response:
    """Give the shell; the dashboard looks at the address, and so at these ids, by itself."""
    del instance_id, run_id
    return _shell(HTTPStatus.OK)


@pages.get("/static/<path:name>")
def static_file(name: str) -> Response:
    """Give a static file, to be asked for again by its entity tag every time."""
    if "\x00" in name:
        raise NotFound
    mimetype = _TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
    response = send_from_directory(
        state().settings.static_folder, name, mimetype=mimetype, conditional=True, max_age=None
    )
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.get("/favicon.ico")
def favicon() -> Response:
    """Give the icon, or nothing: the shell names its own."""
    folder = state().settings.static_folder
    for name in ("favicon.svg", "favicon.ico"):
        if (folder / name).is_file():
            return static_file(name)
    return Response(status=HTTPStatus.NO_CONTENT)


def install_shell_for_strangers(app: Flask) -> None:
    """Answer a browser that asks for a page that there is not with the shell, everyone else with JSON."""

    def not_found(error: NotFound) -> Response:
        del error
        wants_page = (
            request.method in ("GET", "HEAD")
            and not request.path.startswith(("/api/", "/static/"))
            and "text/html" in request.headers.get("Accept", "")
        )
        if wants_page:
            return _shell(HTTPStatus.NOT_FOUND)
        return error_response(HTTPStatus.NOT_FOUND, "not_found", "there is nothing at this address")

    app.register_error_handler(NotFound, not_found)


def _shell(status: HTTPStatus) -> Response:
    folder = state().settings.static_folder
    try:
        text = (folder / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        text = _NO_DASHBOARD
    response = Response(text, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    if status is HTTPStatus.OK:
        response.make_conditional(request)
    return response
