"""Conversations about who may do what, and about what is not served at all."""

from parity.conversation import APPS, CORE, NODES, Step, config_map, delete, get, post, talk

MAPS = f"{CORE}/configmaps"
NOBODY = {"Impersonate_User": "nobody"}
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
MAY_DELETE = {"spec": {"resourceAttributes": {"verb": "delete", "resource": "nodes"}}}
EVICT = {"verb": "create", "group": "", "resource": "pods", "subresource": "eviction"}
MAY_EVICT = [{"spec": {"resourceAttributes": {**EVICT, **where}}} for where in ({}, {"namespace": "$ns"})]
MAY_READ = {"nonResourceAttributes": {"verb": "get", "path": "/readyz"}}

PROTOBUF = "application/vnd.kubernetes.protobuf"


def part(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protobuf message, shorter than 128 bytes."""
    return bytes((number << 3 | 2, len(content))) + content


def in_protobuf(version: str, kind: str, message: bytes) -> bytes:
    """An object as Go clients send it: runtime.Unknown behind its prefix."""
    return b"k8s\x00" + part(1, part(1, version.encode()) + part(2, kind.encode())) + part(2, message)


NAMED = part(1, part(1, b"one") + part(11, part(1, b"app") + part(2, b"web")))
CONFIG_MAP = NAMED + part(2, part(1, b"a") + part(2, b"1"))
NAMESPACE = part(1, part(1, b"in-protobuf"))
CONTAINER = part(1, b"app") + part(2, b"web:1") + part(6, bytes((3 << 3, 80)))
POD = NAMED + part(2, part(2, CONTAINER) + bytes((4 << 3, 5)) + bytes((21 << 3 & 0x7F | 0x80, 1, 0)))

CONVERSATIONS = (
    talk("anonymous-is-nobody", Step("GET", MAPS, anonymous=True), Step("GET", "/version", anonymous=True)),
    talk("a-token-of-nobody", Step("GET", MAPS, anonymous=True, headers={"Authorization": "Bearer wrong"})),
    talk("forbidden-to-list", get(MAPS).saying(**NOBODY), get(f"{APPS}/deployments").saying(**NOBODY)),
    talk("forbidden-to-get", get(f"{MAPS}/one").saying(**NOBODY), get(f"{NODES}/one").saying(**NOBODY)),
    talk("forbidden-to-evict", post(f"{CORE}/pods/web/eviction", {}).saying(**NOBODY)),
    talk("forbidden-to-write", post(MAPS, config_map("one")).saying(**NOBODY), delete(f"{NODES}/one").saying(**NOBODY)),
    talk("may-i", post(REVIEWS, MAY_DELETE), post(REVIEWS, MAY_DELETE).saying(**NOBODY)),
    talk("may-i-evict", *(post(REVIEWS, body).saying(**who) for body in MAY_EVICT for who in ({}, NOBODY))),
    talk("may-i-what", post(REVIEWS, {"spec": {}}), post(REVIEWS, {"spec": {**MAY_DELETE["spec"], **MAY_READ}})),
    talk("a-group-that-is-not-served", get("/apis/none.example.com/v1/things"), get("/apis/none.example.com")),
    talk("a-resource-that-is-not-served", get(f"{CORE}/things"), get(f"{APPS}/things/one")),
    talk("a-version-that-is-not-served", get("/apis/apps/v9/namespaces/$ns/deployments")),
    talk("a-subresource-that-is-not-served", post(MAPS, config_map("one")), get(f"{MAPS}/one/none")),
    talk("a-method-that-is-not-served", Step("PUT", MAPS, config_map("one")), Step("POST", f"{MAPS}/one", config_map("one"))),
    talk("a-path-that-is-not-served", get("/none"), get("/api/v9")),
    talk(
        "a-body-that-is-no-json",
        *(
            Step("POST", MAPS, raw=raw)
            for raw in (b"{", b"[]", b"", b'{"a":1,}', b'{"a" 1}', b"{a:1}", b'{"a":01}', b'{"a":tru}', b'{"a":"\\x"}', b"x" * 40)
        ),
    ),
    talk(
        "a-body-in-protobuf",
        Step("POST", MAPS, raw=in_protobuf("v1", "ConfigMap", CONFIG_MAP), content_type=PROTOBUF),
        Step("POST", f"{CORE}/pods", raw=in_protobuf("v1", "Pod", POD), content_type=PROTOBUF),
        Step("POST", MAPS, raw=in_protobuf("v1", "Pod", POD), content_type=PROTOBUF),
        Step("POST", MAPS, raw=in_protobuf("v1", "None", POD), content_type=PROTOBUF),
        Step("POST", MAPS, raw=in_protobuf("v1", "ConfigMap", CONFIG_MAP[:-1]), content_type=PROTOBUF),
        *(Step("POST", MAPS, raw=raw, content_type=PROTOBUF) for raw in (b"", b"k8", b"k8s\x00\xff")),
    ),
    talk("a-body-of-unknown-type", Step("POST", MAPS, raw=b"a=1", content_type="application/x-www-form-urlencoded")),
    talk("a-namespace-that-is-not-there", post("/api/v1/namespaces/nowhere/configmaps", config_map("one"))),
    talk("healthy", get("/readyz"), get("/livez"), get("/healthz")),
)
