"""What an attempt is started with, on disk: written first, read by the child and after a restart."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from athanor.domain.execution import ExecutionSpec, ExperimentSource

__all__ = ["boot_id", "read_specification", "write_specification"]


def boot_id() -> str | None:
    """Give what tells one boot of this host from another."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def write_specification(path: Path, spec: ExecutionSpec) -> None:
    """Write it whole or not at all, for its owner only."""
    data = {**asdict(spec), "run_id": str(spec.run_id), "instance_id": str(spec.instance_id)}
    unfinished = path.with_suffix(".json.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump({"spec": data, "boot_id": boot_id()}, file)
    unfinished.replace(path)


def read_specification(path: Path) -> tuple[ExecutionSpec, str | None]:
    """Read it, and the boot of the host that it was written in. Raises ``OSError`` or ``ValueError``."""
    content = json.loads(path.read_text(encoding="utf-8"))
    data: dict[str, Any] = content["spec"]
    data["run_id"] = UUID(data["run_id"])
    data["instance_id"] = UUID(data["instance_id"])
    data["source"] = ExperimentSource(**data["source"])
    return ExecutionSpec(**data), content["boot_id"]
