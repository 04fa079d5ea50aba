"""Renew the vendored front-end libraries from npm: `python tools/front-end/vendor.py`.

Each library comes by its name and the version below, as the ES module that its package ships.
Bare import specifiers become relative paths, because a strict Content-Security-Policy leaves no
room for an inline import map. `manifest.json` keeps version, licence and checksums, and
tests/unit/web/test_vendored_files.py holds the files to them.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "athanor" / "web" / "static" / "vendor"

# package: (version, folder, {file in the package: file here})
LIBRARIES = {
    "preact": (
        "11.2.0",
        "preact",
        {"dist/preact.mjs": "preact.js", "hooks/dist/hooks.mjs": "hooks.js", "LICENSE": "LICENSE"},
    ),
    "htm": ("3.1.1", "htm", {"dist/htm.mjs": "htm.js", "LICENSE": "LICENSE"}),
    "@preact/signals-core": (
        "1.14.5",
        "signals-core",
        {"dist/signals-core.mjs": "signals-core.js", "LICENSE": "LICENSE"},
    ),
    "@preact/signals": (
        "2.11.4",
        "signals",
        {"dist/signals.mjs": "signals.js", "LICENSE": "LICENSE"},
    ),
    "uplot": (
        "1.6.32",
        "uplot",
        {"dist/uPlot.esm.js": "uplot.js", "dist/uPlot.min.css": "uplot.css", "LICENSE": "LICENSE"},
    ),
}
SPECIFIERS = {
    "preact": "../preact/preact.js",
    "preact/hooks": "../preact/hooks.js",
    "@preact/signals-core": "../signals-core/signals-core.js",
}
SPECIFIER = re.compile(r"""((?:from|import)\s*)(["'])([@\w][^"']*)\2""")
SOURCE_MAP = re.compile(r"\n?//# sourceMappingURL=.*")


def rewrite(text: str) -> str:
    """Make bare specifiers relative; an unknown one raises KeyError. Drop the pointer to a map."""
    text = SPECIFIER.sub(lambda m: f"{m[1]}{m[2]}{SPECIFIERS[m[3]]}{m[2]}", text)
    return SOURCE_MAP.sub("", text)


def main() -> None:
    manifest = {}
    for package, (version, folder, files) in LIBRARIES.items():
        with tempfile.TemporaryDirectory() as directory:
            command = ["npm", "pack", "--silent", f"{package}@{version}"]
            packed = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True)
            archive = Path(directory) / packed.stdout.split()[-1]
            with tarfile.open(archive) as tar:
                tar.extractall(directory, filter="data")
            root = Path(directory) / "package"
            described = json.loads((root / "package.json").read_text())
            target = VENDOR / folder
            target.mkdir(parents=True, exist_ok=True)
            checksums = {}
            for source, name in files.items():
                data = (root / source).read_bytes()
                if name.endswith(".js"):
                    data = rewrite(data.decode()).encode()
                (target / name).write_bytes(data)
                checksums[name] = hashlib.sha256(data).hexdigest()
            manifest[package] = {
                "version": described["version"],
                "licence": described["license"],
                "folder": folder,
                "sha256": checksums,
            }
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
