"""The programs that figures are held against: where they are, or why they are not there.

A path may be given (`python -m bench lint --clusterlint PATH`, or the environment variable CLUSTERLINT); else PATH is looked
through; else Go installs it, which not every module proxy allows: then the table says so.
"""

import os
import shutil
import subprocess
from pathlib import Path

MODULES = {
    "clusterlint": "github.com/digitalocean/clusterlint/cmd/clusterlint@latest",
    "popeye": "github.com/derailed/popeye@latest",
}
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
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / name).exists():
        environment = {**os.environ, "GOBIN": str(FOLDER)}
        done = subprocess.run(["go", "install", MODULES[name]], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return "", "not measured: go install failed: " + done.stderr.strip().splitlines()[-1].strip()[:80]
    return str(FOLDER / name), ""
