"""The web: a thin Flask layer over ``athanor.domain.ports.Service``, and the server under it.

``app.create_app`` makes the application, ``server.WebServer`` serves it under gevent. Nothing here
decides anything about experiments: requests become calls, answers and errors become JSON.
"""
