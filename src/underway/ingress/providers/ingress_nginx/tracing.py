"""enable-opentelemetry, opentelemetry-*: traces of requests."""

import re

from underway.ingress.ir import Rule, Setting
from underway.ingress.providers.annotations import Annotations

PLAIN = re.compile(r"""^[^"$\\]{0,255}$""")  # ObservabilityPolicy tracing.spanName
KEYS = ("enable-opentelemetry", "opentelemetry-operation-name", "opentelemetry-trust-incoming-span")


def apply(own: Annotations, rule: Rule) -> None:
    """Write that requests are traced. value: (on, name of the span, whether the caller's span is trusted)."""
    if "enable-opentelemetry" not in own:
        return
    on, trust = own.flag("enable-opentelemetry", default=False), own.flag("opentelemetry-trust-incoming-span", default=True)
    name = own.text("opentelemetry-operation-name")
    if not PLAIN.match(name):
        own.lose(
            "lost",
            "opentelemetry-operation-name",
            f"{name!r} uses variables of nginx or quotes; no span is named so",
            "write a name",
        )
        name = ""
    keys = tuple(key for key in KEYS if key in own)
    rule.settings += (Setting("tracing", (on, name, trust), keys),)
