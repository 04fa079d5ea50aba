"""Become somebody else, die with one's parent, and exec a program.

Run as ``python -I -S launch.py UID GID PARENT_PID DEATH_SIGNAL -- PROGRAM [ARGUMENT ...]``. UID and
GID ``-1`` keep what is. On Linux the kernel sends DEATH_SIGNAL when the *thread* that started this
ends, so it is started from the service's main thread.
"""

import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Do what the module says; ends only by ``exec`` or with an error on stderr."""
    uid, gid, parent, death_signal = map(int, arguments[:4])
    program = arguments[5:]
    prctl = None
    if death_signal > 0 and sys.platform == "linux":
        # Loaded now: the user that this becomes may not be able to read this Python's library.
        import ctypes

        prctl = ctypes.CDLL(None, use_errno=True).prctl
    if gid >= 0:
        os.setgroups([])
        os.setgid(gid)
    if uid >= 0:
        os.setuid(uid)
    os.umask(0o077)
    if prctl is not None:
        # After the change of user, which clears it.
        prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent has ended already")
    os.execv(program[0], program)  # noqa: S606 # no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
