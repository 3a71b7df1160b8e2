"""Builds a real control plane from pinned Go modules into a cache outside the tree, once.

    python e2e/controlplane/build.py        prints the folder of the binaries

KUBEBUILDER_ASSETS names prebuilt binaries instead. Without Go and without it: exit code 3 and a sentence.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
KUBERNETES = "v1.36.3"
COMMANDS = {
    "kube-apiserver": (".", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kube-controller-manager": (".", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kube-scheduler": (".", "k8s.io/kubernetes/cmd/kube-scheduler"),
    "kubectl": (".", "k8s.io/kubernetes/cmd/kubectl"),
    "etcd": (".", "./etcd"),
    "kwok": ("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
}


class Unavailable(Exception):
    """There is nothing to build with."""


def version_flags() -> str:
    """Linker flags: without the stamp, version and skew checks see v0.0.0."""
    package = "k8s.io/component-base/version"
    major, minor, _ = KUBERNETES.lstrip("v").split(".")
    stamps = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(["-s", "-w", *(f"-X {package}.{name}={value}" for name, value in stamps.items())])


def cache_folder(go_version: str) -> Path:
    """Where the binaries of exactly these sources belong."""
    digest = hashlib.sha256(go_version.encode())
    for source in sorted(HERE.rglob("*")):
        if source.suffix in (".mod", ".sum", ".go") or source.name == "build.py":
            digest.update(source.read_bytes())
    root = os.environ.get("UNDERWAY_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "underway"
    return Path(root) / "controlplane" / f"{KUBERNETES}-{digest.hexdigest()[:16]}"


def binaries() -> Path:
    """The folder of the binaries, built if need be. Raises Unavailable or subprocess.CalledProcessError."""
    prebuilt = os.environ.get("KUBEBUILDER_ASSETS")
    if prebuilt:
        missing = [name for name in COMMANDS if not (Path(prebuilt) / name).exists()]
        if missing:
            raise Unavailable(f"KUBEBUILDER_ASSETS={prebuilt} lacks {', '.join(missing)}")
        return Path(prebuilt)
    go = shutil.which("go")
    if go is None:
        raise Unavailable("a real control plane needs Go 1.26 to be built, or KUBEBUILDER_ASSETS naming prebuilt binaries")
    version = subprocess.run([go, "version"], check=True, capture_output=True, text=True).stdout
    folder = cache_folder(version)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (module, package) in COMMANDS.items():
        target = folder / name
        if not target.exists():
            print(f"building {name} (about 4 minutes for the first, then less)", file=sys.stderr, flush=True)
            build(go, HERE / module, package, target)
    return folder


def build(go: str, module: Path, package: str, target: Path) -> None:
    """Compile one command beside its place, then move it there: a half-written binary is never found."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        output = Path(scratch) / target.name
        command = [go, "build", "-p", "2", "-trimpath", "-ldflags", version_flags(), "-o", str(output), package]
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod -buildvcs=false"}
        subprocess.run(command, cwd=module, env=environment, check=True, stdout=sys.stderr)
        output.rename(target)


if __name__ == "__main__":
    try:
        print(binaries())
    except Unavailable as error:
        print(error, file=sys.stderr)
        sys.exit(3)
