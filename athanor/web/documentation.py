"""The API described: ``/api/v1/openapi.json``, and a page of it that needs no other host and no script."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app

from athanor.web.answering import raw_answer
from athanor.web.app_state import AppState, state
from athanor.web.json_text import dump_json
from athanor.web.openapi import documented, openapi_document

__all__ = ["documentation"]

documentation = Blueprint("documentation", __name__)

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; }
summary { cursor: pointer; padding: .3rem 0; }
details > :not(summary) { margin-left: 1.5rem; }
.method { display: inline-block; width: 4.5rem; font-weight: 600; text-transform: uppercase; }
table { border-collapse: collapse; }
td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
"""


@documentation.get("/api/v1/openapi.json")
@documented("service", None)
def openapi_json() -> Response:
    """Give this description: OpenAPI 3.1, made of the models that validate."""
    present = state()
    if present.openapi is None:
        present.openapi = dump_json(_document(present))
    return raw_answer(present.openapi)


@documentation.get("/docs")
@documentation.get("/api/v1/docs")
def docs_page() -> Response:
    """Give the description as a page to read."""
    return Response(_page(_document(state())), mimetype="text/html")


@documentation.get("/api/v1/docs.css")
def docs_style() -> Response:
    """Give the style of that page."""
    return Response(_STYLE, mimetype="text/css")


def _document(present: AppState) -> dict[str, Any]:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 # Flask's documented way to the app itself
    return openapi_document(app, present.settings.version)


def _page(document: dict[str, Any]) -> str:
    by_tag: dict[str, list[str]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_tag[operation["tags"][0]].append(_operation(path, method, operation))
    parts = []
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'].capitalize())}</h2>")
        parts.append(f"<p>{escape(tag['description'])}.</p>")
        parts.extend(by_tag[tag["name"]])
    info = document["info"]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        "<title>Athanor: the API</title><link rel='stylesheet' href='/api/v1/docs.css'></head><body>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}: the API</h1>"
        f"<p>{escape(info['description'])}</p>"
        "<p>The whole description, with every schema: "
        "<a href='/api/v1/openapi.json'>openapi.json</a></p>"
        f"{''.join(parts)}</body></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [
        (
            parameter["name"],
            parameter["in"],
            parameter.get("description") or "",
        )
        for parameter in operation["parameters"]
    ]
    if "requestBody" in operation:
        rows.append(("body", "JSON", _schema_name(operation["requestBody"])))
    rows.extend(
        (status, "answer", f"{answer['description']} {_schema_name(answer)}")
        for status, answer in sorted(operation["responses"].items())
    )
    cells = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(place)}</td>"
        f"<td>{escape(text)}</td></tr>"
        for name, place, text in rows
    )
    return (
        f"<details><summary><span class='method'>{escape(method)}</span>"
        f"<code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
        f"<p>{escape(operation['description'])}</p><table>{cells}</table></details>"
    )


def _schema_name(described: dict[str, Any]) -> str:
    content = described.get("content", {}).get("application/json", {})
    reference: str = content.get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2]
