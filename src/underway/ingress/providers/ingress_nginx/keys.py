# ruff: noqa: E501 - a table reads best with one line a key
"""What becomes of each documented annotation: one line a key.

`docs/ingress-annotations.md` is drawn from this table (`tools/annotation_page.py`). Verdicts: standard (a field of the
standard channel), experimental (of the experimental channel, with --experimental), vendor (a policy of an implementation:
envoy-gateway, nginx-gateway-fabric), obsolete (nothing to do), impossible (the reason, and the nearest remedy).
Source of the keys: kubernetes/ingress-nginx docs/user-guide/nginx-configuration annotations.md and annotations-risk.md.
"""

from typing import NamedTuple

from underway.ingress.providers.annotations import Annotations

STANDARD, EXPERIMENTAL, VENDOR, OBSOLETE, IMPOSSIBLE = "standard", "experimental", "vendor", "obsolete", "impossible"


class Key(NamedTuple):
    """name: without the prefix; field: where it goes, or why nowhere; remedy: what to do where it has no field."""

    name: str
    verdict: str
    field: str
    remedy: str = ""


EG, NGF = "--emitter envoy-gateway", "--emitter nginx-gateway-fabric"
RULE = "HTTPRoute rules[]"
WAF = "put a web application firewall in front, or one that the implementation brings"
DATA_PLANE = "is a setting of nginx itself; each data plane has its own"
COOKIES = "no field changes cookies of answers"
SSL = "no field chooses ciphers towards backends or their order"

KEYS: tuple[Key, ...] = (
    Key("affinity", EXPERIMENTAL, f"{RULE}.sessionPersistence; BackendTrafficPolicy loadBalancer.consistentHash.cookie", EG),
    Key("affinity-canary-behavior", IMPOSSIBLE, "stickiness and weights are not tied together in any field", "give the canary a host of its own"),
    Key("affinity-mode", IMPOSSIBLE, "no field says whether sessions are moved when endpoints change", "let sessions live outside of the pods"),
    Key("allowlist-source-range", VENDOR, "SecurityPolicy authorization.rules[].principal.clientCIDRs", EG),
    Key("app-root", STANDARD, f"{RULE}: Exact / with filters[].requestRedirect.path"),
    Key("auth-always-set-cookie", IMPOSSIBLE, "cookies of the authenticating service are passed on success alone", "let that service redirect"),
    Key("auth-cache-duration", IMPOSSIBLE, "no field caches what the authenticating service said", "cache in that service"),
    Key("auth-cache-key", IMPOSSIBLE, "no field caches what the authenticating service said", "cache in that service"),
    Key("auth-keepalive", OBSOLETE, "connections to the authenticating service are pooled by every Gateway"),
    Key("auth-keepalive-requests", OBSOLETE, "connections to the authenticating service are pooled by every Gateway"),
    Key("auth-keepalive-share-vars", OBSOLETE, "belongs to nginx's subrequests"),
    Key("auth-keepalive-timeout", OBSOLETE, "connections to the authenticating service are pooled by every Gateway"),
    Key("auth-method", IMPOSSIBLE, "the method of the request is used; no field says another", "let the service take every method"),
    Key("auth-proxy-set-headers", IMPOSSIBLE, "headers come from a ConfigMap with variables of nginx", "send them to the service by headersToExtAuth"),
    Key("auth-realm", VENDOR, "implied by SecurityPolicy basicAuth, which names its own realm", EG),
    Key("auth-request-redirect", IMPOSSIBLE, "no field sets X-Auth-Request-Redirect", "let the service read the original URL"),
    Key("auth-response-headers", VENDOR, "SecurityPolicy extAuth.http.headersToBackend", EG),
    Key("auth-secret", VENDOR, "SecurityPolicy basicAuth.users (the Secret's key must be .htpasswd, SHA alone)", EG),
    Key("auth-secret-type", VENDOR, "auth-file: SecurityPolicy basicAuth.users; auth-map has no counterpart", EG),
    Key("auth-signin", IMPOSSIBLE, "no field redirects to a page when authentication fails", "SecurityPolicy oidc, or let the service redirect"),
    Key("auth-signin-redirect-param", IMPOSSIBLE, "no field redirects to a page when authentication fails", "SecurityPolicy oidc"),
    Key("auth-snippet", IMPOSSIBLE, "raw configuration of nginx inside a subrequest", "move its logic into the authenticating service"),
    Key("auth-tls-error-page", IMPOSSIBLE, "no field redirects when a client's certificate fails", "tell clients by other means"),
    Key("auth-tls-match-cn", IMPOSSIBLE, "no field looks at the common name of clients", "ClientTrafficPolicy tls.clientValidation.subjectAltNames"),
    Key("auth-tls-pass-certificate-to-upstream", IMPOSSIBLE, "no standard field passes the certificate on", "ClientTrafficPolicy headers.xForwardedClientCert"),
    Key("auth-tls-secret", STANDARD, "Gateway tls.frontend.default.validation.caCertificateRefs (since 1.5, for the whole Gateway)"),
    Key("auth-tls-verify-client", STANDARD, "Gateway tls.frontend.default.validation.mode"),
    Key("auth-tls-verify-depth", IMPOSSIBLE, "no field limits the depth of a chain", "an authority that issues no others"),
    Key("auth-type", VENDOR, "basic: SecurityPolicy basicAuth; digest has no counterpart", EG),
    Key("auth-url", VENDOR, "SecurityPolicy extAuth.http, for a Service in the cluster over http", EG),
    Key("backend-protocol", STANDARD, "GRPC: GRPCRoute; HTTPS: BackendTLSPolicy; others: Service ports[].appProtocol", "set appProtocol on the Service"),
    Key("canary", STANDARD, f"{RULE}.backendRefs[] of the main Ingress"),
    Key("canary-by-cookie", STANDARD, f"{RULE}.matches[].headers[] Cookie, RegularExpression"),
    Key("canary-by-header", STANDARD, f"{RULE}.matches[].headers[]: always, never"),
    Key("canary-by-header-pattern", STANDARD, f"{RULE}.matches[].headers[] RegularExpression"),
    Key("canary-by-header-value", STANDARD, f"{RULE}.matches[].headers[] Exact"),
    Key("canary-weight", STANDARD, f"{RULE}.backendRefs[].weight"),
    Key("canary-weight-total", STANDARD, f"{RULE}.backendRefs[].weight, as a ratio"),
    Key("client-body-buffer-size", VENDOR, "BackendTrafficPolicy requestBuffer.limit", EG),
    Key("configuration-snippet", VENDOR, "SnippetsFilter http.server.location", NGF),
    Key("connection-proxy-header", STANDARD, f"{RULE}.filters[].requestHeaderModifier"),
    Key("cors-allow-credentials", STANDARD, f"{RULE}.filters[].cors.allowCredentials"),
    Key("cors-allow-headers", STANDARD, f"{RULE}.filters[].cors.allowHeaders"),
    Key("cors-allow-methods", STANDARD, f"{RULE}.filters[].cors.allowMethods"),
    Key("cors-allow-origin", STANDARD, f"{RULE}.filters[].cors.allowOrigins"),
    Key("cors-expose-headers", STANDARD, f"{RULE}.filters[].cors.exposeHeaders"),
    Key("cors-max-age", STANDARD, f"{RULE}.filters[].cors.maxAge"),
    Key("custom-headers", STANDARD, f"{RULE}.filters[].responseHeaderModifier, from the ConfigMap"),
    Key("custom-http-errors", IMPOSSIBLE, "no standard field replaces answers of backends", "BackendTrafficPolicy responseOverride, by hand"),
    Key("default-backend", IMPOSSIBLE, "no field takes over when a Service has no endpoints", "BackendTrafficPolicy responseOverride, by hand"),
    Key("denylist-source-range", VENDOR, "SecurityPolicy authorization.rules[].principal.clientCIDRs, Deny", EG),
    Key("disable-proxy-intercept-errors", OBSOLETE, "a Gateway passes answers of backends on as they are"),
    Key("enable-access-log", IMPOSSIBLE, "logs are a setting of the whole data plane", "EnvoyProxy telemetry.accessLog, NginxProxy logging"),
    Key("enable-cors", STANDARD, f"{RULE}.filters[].cors (since 1.5)"),
    Key("enable-global-auth", IMPOSSIBLE, "belongs to the controller's ConfigMap global-auth-url", "a SecurityPolicy on the Gateway"),
    Key("enable-modsecurity", IMPOSSIBLE, "no field runs ModSecurity", WAF),
    Key("enable-opentelemetry", VENDOR, "ObservabilityPolicy tracing", NGF),
    Key("enable-owasp-core-rules", IMPOSSIBLE, "no field runs ModSecurity", WAF),
    Key("enable-rewrite-log", OBSOLETE, "debugging of nginx"),
    Key("fastcgi-index", IMPOSSIBLE, "no Gateway speaks FastCGI", "a small nginx or Caddy beside the application"),
    Key("fastcgi-params-configmap", IMPOSSIBLE, "no Gateway speaks FastCGI", "a small nginx or Caddy beside the application"),
    Key("force-ssl-redirect", STANDARD, f"{RULE}.filters[].requestRedirect.scheme on the listener of port 80"),
    Key("from-to-www-redirect", STANDARD, f"{RULE}.filters[].requestRedirect.hostname on a listener of its own"),
    Key("http2-push-preload", OBSOLETE, "HTTP/2 push is gone from browsers and from nginx"),
    Key("limit-allowlist", IMPOSSIBLE, "no emitter leaves addresses out of a limit", "a rule of the policy with sourceCIDR, by hand"),
    Key("limit-burst-multiplier", VENDOR, "RateLimitPolicy rateLimit.local.rules[].burst", NGF),
    Key("limit-connections", IMPOSSIBLE, "no field counts connections of one client", "limit requests instead"),
    Key("limit-rate", IMPOSSIBLE, "no standard field slows answers down", "BackendTrafficPolicy bandwidthLimit, by hand"),
    Key("limit-rate-after", IMPOSSIBLE, "no field slows answers down after a size", "BackendTrafficPolicy bandwidthLimit, by hand"),
    Key("limit-rpm", VENDOR, "RateLimitPolicy rules[].rate; BackendTrafficPolicy rateLimit.local", NGF),
    Key("limit-rps", VENDOR, "RateLimitPolicy rules[].rate; BackendTrafficPolicy rateLimit.local", NGF),
    Key("load-balance", VENDOR, "BackendTrafficPolicy loadBalancer.type", EG),
    Key("mirror-host", IMPOSSIBLE, "a mirrored request keeps its Host", "let the mirror take every host"),
    Key("mirror-request-body", OBSOLETE, "a mirrored request has its body"),
    Key("mirror-target", STANDARD, f"{RULE}.filters[].requestMirror, for a Service of the same namespace", "a Service for the mirror"),
    Key("modsecurity-snippet", IMPOSSIBLE, "no field runs ModSecurity", WAF),
    Key("modsecurity-transaction-id", IMPOSSIBLE, "no field runs ModSecurity", WAF),
    Key("opentelemetry-operation-name", VENDOR, "ObservabilityPolicy tracing.spanName", NGF),
    Key("opentelemetry-trust-incoming-span", VENDOR, "ObservabilityPolicy tracing.context", NGF),
    Key("permanent-redirect", STANDARD, f"{RULE}.filters[].requestRedirect"),
    Key("permanent-redirect-code", STANDARD, f"{RULE}.filters[].requestRedirect.statusCode"),
    Key("preserve-trailing-slash", STANDARD, "a Gateway always keeps the last slash in a redirect to https"),
    Key("proxy-body-size", VENDOR, "ClientSettingsPolicy body.maxSize; BackendTrafficPolicy requestBuffer.limit", NGF),
    Key("proxy-buffer-size", VENDOR, "ProxySettingsPolicy buffering.bufferSize", NGF),
    Key("proxy-buffering", VENDOR, "ProxySettingsPolicy buffering.disable", NGF),
    Key("proxy-buffers-number", VENDOR, "ProxySettingsPolicy buffering.buffers.number", NGF),
    Key("proxy-busy-buffers-size", VENDOR, "ProxySettingsPolicy buffering.busyBuffersSize", NGF),
    Key("proxy-connect-timeout", VENDOR, "BackendTrafficPolicy timeout.tcp.connectTimeout", EG),
    Key("proxy-cookie-domain", IMPOSSIBLE, COOKIES, "let the application set the cookie's domain"),
    Key("proxy-cookie-path", IMPOSSIBLE, COOKIES, "let the application set the cookie's path"),
    Key("proxy-http-version", OBSOLETE, "a Gateway speaks HTTP/1.1 to backends, HTTP/2 by appProtocol"),
    Key("proxy-max-temp-file-size", OBSOLETE, "answers are not written to disk"),
    Key("proxy-next-upstream", EXPERIMENTAL, f"{RULE}.retry.codes; BackendTrafficPolicy retry.retryOn", EG),
    Key("proxy-next-upstream-timeout", IMPOSSIBLE, "no field limits the time of all attempts apart from the request's own", "timeouts.request"),
    Key("proxy-next-upstream-tries", EXPERIMENTAL, f"{RULE}.retry.attempts; BackendTrafficPolicy retry.numRetries", EG),
    Key("proxy-read-timeout", STANDARD, f"{RULE}.timeouts.request, ten times it; BackendTrafficPolicy timeout.http.streamIdleTimeout", EG),
    Key("proxy-redirect-from", IMPOSSIBLE, "no field changes Location in answers", "let the application know its own address"),
    Key("proxy-redirect-to", IMPOSSIBLE, "no field changes Location in answers", "let the application know its own address"),
    Key("proxy-request-buffering", IMPOSSIBLE, "no field says whether requests wait until they are complete", "BackendTrafficPolicy requestBuffer"),
    Key("proxy-send-timeout", STANDARD, f"{RULE}.timeouts.request, ten times it; BackendTrafficPolicy timeout.http.streamIdleTimeout", EG),
    Key("proxy-ssl-ciphers", IMPOSSIBLE, SSL, "let the backend choose"),
    Key("proxy-ssl-name", STANDARD, "BackendTLSPolicy validation.hostname"),
    Key("proxy-ssl-protocols", IMPOSSIBLE, "no standard field says versions of TLS towards backends", "EnvoyProxy backendTLS"),
    Key("proxy-ssl-secret", STANDARD, "BackendTLSPolicy validation.caCertificateRefs"),
    Key("proxy-ssl-server-name", STANDARD, "BackendTLSPolicy validation.hostname, always sent as SNI"),
    Key("proxy-ssl-verify", STANDARD, "BackendTLSPolicy, which always verifies"),
    Key("proxy-ssl-verify-depth", IMPOSSIBLE, "no field limits the depth of a chain", "an authority that issues no others"),
    Key("relative-redirects", IMPOSSIBLE, "a Gateway redirects to absolute addresses", "no client should mind"),
    Key("rewrite-target", STANDARD, f"{RULE}.filters[].urlRewrite.path; other captures: HTTPRouteFilter urlRewrite.path", EG),
    Key("satisfy", IMPOSSIBLE, "guards always hold all together", "one guard that knows both ways"),
    Key("server-alias", STANDARD, "hostnames and listeners"),
    Key("server-snippet", VENDOR, "SnippetsFilter http.server", NGF),
    Key("service-upstream", VENDOR, "BackendTrafficPolicy routingType: Service", EG),
    Key("session-cookie-change-on-failure", IMPOSSIBLE, "no field says what happens to a session whose endpoint is gone", "sessions outside of the pods"),
    Key("session-cookie-conditional-samesite-none", OBSOLETE, "for browsers of 2019"),
    Key("session-cookie-domain", IMPOSSIBLE, "no field says the domain of the cookie", "one host for each session"),
    Key("session-cookie-expires", EXPERIMENTAL, f"{RULE}.sessionPersistence.absoluteTimeout; BackendTrafficPolicy consistentHash.cookie.ttl", EG),
    Key("session-cookie-max-age", EXPERIMENTAL, f"{RULE}.sessionPersistence.absoluteTimeout; BackendTrafficPolicy consistentHash.cookie.ttl", EG),
    Key("session-cookie-name", EXPERIMENTAL, f"{RULE}.sessionPersistence.sessionName; BackendTrafficPolicy consistentHash.cookie.name", EG),
    Key("session-cookie-partitioned", IMPOSSIBLE, "no field makes the cookie partitioned", "let the application set a cookie of its own"),
    Key("session-cookie-path", VENDOR, "BackendTrafficPolicy consistentHash.cookie.attributes.Path", EG),
    Key("session-cookie-samesite", VENDOR, "BackendTrafficPolicy consistentHash.cookie.attributes.SameSite", EG),
    Key("session-cookie-secure", OBSOLETE, "a cookie over https is Secure by the implementation"),
    Key("ssl-ciphers", IMPOSSIBLE, "no standard field chooses ciphers", "ClientTrafficPolicy tls.ciphers on the listener, by hand"),
    Key("ssl-passthrough", STANDARD, "TLSRoute and a listener with tls.mode Passthrough (since 1.5)"),
    Key("ssl-prefer-server-ciphers", OBSOLETE, "TLS 1.3 has no such choice"),
    Key("ssl-redirect", STANDARD, f"{RULE}.filters[].requestRedirect.scheme on the listener of port 80"),
    Key("stream-snippet", IMPOSSIBLE, "raw configuration of nginx outside of HTTP", "TCPRoute or UDPRoute for what it did"),
    Key("temporal-redirect", STANDARD, f"{RULE}.filters[].requestRedirect"),
    Key("temporal-redirect-code", STANDARD, f"{RULE}.filters[].requestRedirect.statusCode"),
    Key("upstream-hash-by", VENDOR, "BackendTrafficPolicy loadBalancer.consistentHash, by header or address", EG),
    Key("upstream-hash-by-subset", IMPOSSIBLE, "no field hashes to a subset", "hash to one endpoint"),
    Key("upstream-hash-by-subset-size", IMPOSSIBLE, "no field hashes to a subset", "hash to one endpoint"),
    Key("upstream-vhost", STANDARD, f"{RULE}.filters[].urlRewrite.hostname"),
    Key("use-port-in-redirects", IMPOSSIBLE, "a Gateway leaves the port out where it is the scheme's own", "no client should mind"),
    Key("use-regex", STANDARD, f"{RULE}.matches[].path, as the nearest kind of path"),
    Key("whitelist-source-range", VENDOR, "SecurityPolicy authorization.rules[].principal.clientCIDRs", EG),
    Key("x-forwarded-prefix", STANDARD, f"{RULE}.filters[].requestHeaderModifier, where the path is rewritten"),
)  # fmt: skip
BY_NAME = {key.name: key for key in KEYS}
CONVERTED = (STANDARD, EXPERIMENTAL, VENDOR)
GUARDS = ("auth-snippet", "auth-tls-match-cn", "enable-global-auth", "enable-modsecurity", "enable-owasp-core-rules", "satisfy")
HARMLESS = {"satisfy": "all", "auth-secret-type": "auth-file"}  # what a Gateway does anyway


def explain(key: str) -> tuple[str, str] | None:
    """Why a setting found no place, and what would give it one."""
    found = BY_NAME.get(key)
    if found is None:
        return None
    if found.verdict in CONVERTED:
        return f"has no field here; it goes to {found.field}", _remedy(found)
    return f"is lost: {found.field}", found.remedy


def _remedy(key: Key) -> str:
    return f"{key.remedy}{' or --experimental' if key.verdict == EXPERIMENTAL else ''}" if key.remedy else ""


def say_unconverted(own: Annotations) -> None:
    """Say which keys no family takes up: impossible ones, and those that nobody documents; obsolete ones are noted."""
    for key, text in sorted(own.given.items()):
        known = BY_NAME.get(key)
        if HARMLESS.get(key) == text:
            continue
        if known is None:
            own.lose("lost", key, "is no documented annotation of the controller", "look whether it is spelled right")
        elif known.verdict == OBSOLETE:
            own.lose("note", key, f"is not needed: {known.field}")
        elif known.verdict == IMPOSSIBLE and key not in REPORTED_BY_FAMILIES:
            own.lose("lost", key, f"is lost: {known.field}", known.remedy)


REPORTED_BY_FAMILIES = ("custom-http-errors", "default-backend", "limit-connections")
