"""Fields of a rule that the experimental channel of the Gateway API has: retry, sessionPersistence.

Source: sigs.k8s.io/gateway-api v1.6.1 config/crd/experimental, gateway.networking.k8s.io_httproutes.yaml.
"""

from collections.abc import Callable
from typing import Any

from underway.ingress.emitters.objects import duration
from underway.ingress.ir import Setting

Fields = dict[str, Any]


def _retry(setting: Setting) -> Fields:
    """value: (attempts, codes)."""
    attempts, codes = setting.value
    return {"retry": {"attempts": attempts} | ({"codes": list(codes)} if codes else {})} if attempts else {}


def _session(setting: Setting) -> Fields:
    """value: (name of the cookie, its lifetime in seconds, 0 for the session, path, SameSite)."""
    name, lifetime_s, _, _ = setting.value
    session: Fields = {"sessionName": name, "type": "Cookie"}
    if lifetime_s:
        session |= {"absoluteTimeout": duration(lifetime_s * 1000), "cookieConfig": {"lifetimeType": "Permanent"}}
    return {"sessionPersistence": session}


RULE_FIELDS: dict[str, Callable[[Setting], Fields]] = {"retry": _retry, "session-cookie": _session}
DROPS = {"session-cookie": ("session-cookie-path", "session-cookie-samesite")}  # what sessionPersistence has no field for
