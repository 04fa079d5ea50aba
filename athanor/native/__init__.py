"""The operating system beneath gevent: real threads, processes and locks, whoever has patched what."""
