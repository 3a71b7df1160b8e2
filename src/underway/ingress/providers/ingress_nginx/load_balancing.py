"""load-balance, upstream-hash-by, service-upstream: which endpoint gets a request."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("load-balance", "upstream-hash-by", "service-upstream")
ALGORITHMS = ("round_robin", "ewma")
BY_ADDRESS = ("$remote_addr", "$binary_remote_addr")


def apply(own: Annotations, rule: Rule) -> None:
    """Write the choice of an endpoint."""
    hashed = own.text("upstream-hash-by")
    name = hashed.removeprefix("$http_").replace("_", "-")
    if hashed in BY_ADDRESS:
        rule.settings += (Setting("hash-by", ("address", ""), ("upstream-hash-by",)),)
    elif hashed.startswith("$http_") and name.replace("-", "").isalnum():
        rule.settings += (Setting("hash-by", ("header", name), ("upstream-hash-by",)),)
    elif hashed:
        own.lose("lost", "upstream-hash-by", f"{hashed!r} is neither a header nor the client's address", "hash by a header")
    elif own.text("load-balance") in ALGORITHMS:
        rule.settings += (Setting("load-balance", own.text("load-balance"), ("load-balance",)),)
    elif own.text("load-balance"):
        own.lose("invalid", "load-balance", f"is {own.text('load-balance')!r}: the controller knows round_robin and ewma")
    if own.flag("service-upstream", default=False):
        rule.settings += (Setting("service-upstream", value=True, keys=("service-upstream",)),)
