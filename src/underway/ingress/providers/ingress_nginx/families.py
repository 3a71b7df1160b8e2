"""The families of annotations: one file each, one line here. Each has its KEYS, and `apply`, which writes into a rule.

What hangs on the path or on the host is read by `servers`, `rules`, `redirects` and `canary`.
"""

from types import ModuleType

from underway.ingress.providers.ingress_nginx import (
    access,
    authentication,
    backend_protocol,
    backend_tls,
    bodies,
    buffers,
    client_certificates,
    cors,
    errors,
    headers,
    limits,
    load_balancing,
    mirroring,
    redirects,
    retries,
    sessions,
    snippets,
    timeouts,
    tracing,
)

FAMILIES: tuple[ModuleType, ...] = (
    redirects,
    headers,
    cors,
    timeouts,
    retries,
    sessions,
    load_balancing,
    access,
    authentication,
    client_certificates,
    backend_protocol,
    backend_tls,
    bodies,
    buffers,
    limits,
    mirroring,
    errors,
    snippets,
    tracing,
)
