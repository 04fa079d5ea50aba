"""The kernel (processes, supervisors, names) and the actors of the tree; the only user of pykka.

Start reading at ``process.py`` (what an actor is) and ``supervisor.py`` (the surface of supervision).
"""
