"""The pydantic models of the HTTP API: they validate what comes in, and OpenAPI is made of them.

``bodies`` and ``queries`` are requests, ``answers`` is what comes back.
"""
