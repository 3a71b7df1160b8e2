"""Hostnames of the Gateway API: which a wildcard covers, what two have in common, and which is the more specific.

Source: sigs.k8s.io/gateway-api v1.6.1 httproute_types.go (Hostnames), gateway_types.go ("distinct only by Hostname"). Here "*."
stands for one label or more, unlike in an Ingress.
"""

from collections.abc import Iterator


def covers(pattern: str, host: str) -> bool:
    """Whether a hostname of a listener or route stands for a host. pattern "": any."""
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return not pattern or pattern == host


def intersection(left: str, right: str) -> str | None:
    """The hostname that both allow, None if there is none; "" if both allow any."""
    if not left or not right or left == right:
        return left or right
    for one, other in ((left, right), (right, left)):
        if one.startswith("*.") and other.removeprefix("*").endswith(one[1:]) and len(other) > len(one) - 1:
            return other
    return None


def specificity(pattern: str) -> tuple[bool, int]:
    """Greater is more specific: precise before wildcard, then the longer; "" is the least."""
    return bool(pattern) and not pattern.startswith("*."), len(pattern)


def patterns_of(host: str) -> Iterator[str]:
    """Every hostname that covers the host, the most specific first."""
    yield host
    rest = host.partition(".")[2]
    while rest:
        yield f"*.{rest}"
        rest = rest.partition(".")[2]
    yield ""
