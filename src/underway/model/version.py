"""Kubernetes versions, compared as the skew policy compares them: by major and minor, then by patch."""

import re

import msgspec

_PATTERN = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(.*)")


class Version(msgspec.Struct, frozen=True, order=True):
    """major.minor.patch; suffix holds pre-release and build, which a provider may add ("-eks-1234", "+k3s1")."""

    major: int
    minor: int
    patch: int = 0
    suffix: str = ""

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}{self.suffix}"


def parse(text: str) -> Version:
    """The version in "v1.37.2", "1.37" or "v1.36.4-eks-99". Raises ValueError if there is none."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a version; write it as v1.37.2")
    major, minor, patch, suffix = match.groups()
    return Version(int(major), int(minor), int(patch or 0), suffix)
