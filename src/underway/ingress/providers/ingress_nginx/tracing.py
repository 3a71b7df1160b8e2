"""enable-opentelemetry, opentelemetry-*: traces of requests."""

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

KEYS = ("enable-opentelemetry", "opentelemetry-operation-name", "opentelemetry-trust-incoming-span")


def apply(own: Annotations, rule: Rule) -> None:
    """Write that requests are traced. value: (on, name of the span, whether the caller's span is trusted)."""
    if "enable-opentelemetry" not in own:
        return
    on, trust = own.flag("enable-opentelemetry", default=False), own.flag("opentelemetry-trust-incoming-span", default=True)
    keys = tuple(key for key in KEYS if key in own)
    rule.settings += (Setting("tracing", (on, own.text("opentelemetry-operation-name"), trust), keys),)
