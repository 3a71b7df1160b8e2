"""The programs that figures are held against: where they are, or why they are not there.

A path may be given (`python -m bench lint --clusterlint PATH`, or the environment variable CLUSTERLINT); else PATH is looked
through; else Go builds it. Not every module proxy serves every version: what it refuses, the table says.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

# Module, version (pinned where a proxy is known to serve it), and the package of its program.
MODULES = {
    "clusterlint": ("github.com/digitalocean/clusterlint", "latest", "github.com/digitalocean/clusterlint/cmd/clusterlint"),
    "popeye": ("github.com/derailed/popeye", "v0.22.1", "github.com/derailed/popeye"),
}
GO = "1.24"  # without it Go assumes 1.16, and wants every module that any of the modules names
FOLDER = Path.home() / ".cache" / "underway" / "peers"


def peer(name: str) -> tuple[str, str]:
    """The path of a peer, or why there is none."""
    asked = os.environ.get(name.upper(), "")
    found = asked or shutil.which(name) or ""
    if asked and shutil.which(asked) is None:
        return "", f"not measured: {asked} is no program"
    if found:
        return found, ""
    if shutil.which("go") is None:
        return "", "not measured: Go is not installed"
    module, version, package = MODULES[name]
    program = FOLDER / f"{name}-{version}"
    if not program.exists():
        refused = _built(module, version, package, program)
        if refused:
            return "", f"not measured: Go cannot build {module}@{version}: {refused}"
    return str(program), ""


def _built(module: str, version: str, package: str, program: Path) -> str:
    """Build a program at a version; the last line that Go says where it cannot, else nothing.

    A module that requires it is written for that: `go install module@version` asks for the list of all versions as well, and
    fails where a proxy serves the version and refuses the list.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "go.mod").write_text(f"module peer\n\ngo {GO}\n\nrequire {module} {version}\n")
        command = ["go", "build", "-mod=mod", "-o", str(program), package]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return (done.stderr.strip().splitlines() or ["it says nothing"])[-1].strip()[:120] if done.returncode != 0 else ""
