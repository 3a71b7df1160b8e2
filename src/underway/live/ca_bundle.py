"""Keeps the caBundle of CustomResourceDefinitions at the authority of a webhook server, by server-side apply.

Owns that one field, under a field manager of its own. A bundle may hold several authorities: those of other replicas stay
until they expire, so that every replica is trusted whichever wrote last. With cert-manager's injection this is not needed.
Source: "Server-Side Apply"; "Webhook conversion", Configure CustomResourceDefinition to use conversion webhooks.
"""

import base64
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from underway.crd.migration import DEFINITIONS
from underway.kube.request import APPLY_PATCH, Request
from underway.live.http import HttpApi

FIELD_MANAGER = "underway-webhook"
TIMEOUT_S = 5.0


async def keep(api: HttpApi, names: Sequence[str], authority: bytes) -> list[str]:
    """See to it that the definitions trust an authority (PEM). Sentences about those that could not be seen to."""
    ids = itertools.count(1)
    problems = []
    for name in names:
        problem = await _keep(api, name, authority, ids)
        if problem:
            problems.append(f"caBundle of {name}: {problem}")
    return problems


async def _keep(api: HttpApi, name: str, authority: bytes, ids: "itertools.count[int]") -> str:
    read = await api.call(Request(id=next(ids), verb="get", resource=DEFINITIONS, name=name, timeout_s=TIMEOUT_S))
    if not read.ok:
        return read.message
    conversion = read.body["spec"].get("conversion") or {}
    if conversion.get("strategy") != "Webhook":
        return f"the conversion strategy is {conversion.get('strategy', 'None')}, not Webhook"
    current = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("caBundle", "")
    wanted = bundle(base64.b64decode(current), authority, datetime.now(UTC))
    if base64.b64encode(wanted).decode() == current:
        return ""
    body: dict[str, Any] = {
        "apiVersion": DEFINITIONS.api_version,
        "kind": "CustomResourceDefinition",
        # With the version that was read: another replica's authority, written meanwhile, is not written over.
        "metadata": {"name": name, "resourceVersion": read.body["metadata"]["resourceVersion"]},
        "spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": base64.b64encode(wanted).decode()}}}},
    }
    query = (("fieldManager", FIELD_MANAGER), ("force", "true"))
    written = await api.call(
        Request(
            id=next(ids),
            verb="patch",
            resource=DEFINITIONS,
            name=name,
            query=query,
            body=body,
            content_type=APPLY_PATCH,
            timeout_s=TIMEOUT_S,
        )
    )
    return "" if written.ok else written.message


def bundle(current: bytes, authority: bytes, now: datetime) -> bytes:
    """The bundle with the authority in it, and without certificates that have expired. What cannot be read is left out."""
    try:
        found = x509.load_pem_x509_certificates(current) if current.strip() else []
    except ValueError:
        found = []
    ours = x509.load_pem_x509_certificates(authority)
    living = [one for one in found if one.not_valid_after_utc > now and one not in ours]
    return b"".join(one.public_bytes(Encoding.PEM) for one in (*living, *ours))
