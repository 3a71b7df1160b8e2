"""Conversations about who may do what, and about what is not served at all."""

from parity.conversation import APPS, CORE, NODES, Step, config_map, delete, get, post, talk

MAPS = f"{CORE}/configmaps"
NOBODY = {"Impersonate_User": "nobody"}
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
MAY_DELETE = {"spec": {"resourceAttributes": {"verb": "delete", "resource": "nodes"}}}

CONVERSATIONS = (
    talk("anonymous-is-nobody", Step("GET", MAPS, anonymous=True), Step("GET", "/version", anonymous=True)),
    talk("a-token-of-nobody", Step("GET", MAPS, anonymous=True, headers={"Authorization": "Bearer wrong"})),
    talk("forbidden-to-list", get(MAPS).saying(**NOBODY), get(f"{APPS}/deployments").saying(**NOBODY)),
    talk("forbidden-to-get", get(f"{MAPS}/one").saying(**NOBODY), get(f"{NODES}/one").saying(**NOBODY)),
    talk("forbidden-to-evict", post(f"{CORE}/pods/web/eviction", {}).saying(**NOBODY)),
    talk("forbidden-to-write", post(MAPS, config_map("one")).saying(**NOBODY), delete(f"{NODES}/one").saying(**NOBODY)),
    talk("may-i", post(REVIEWS, MAY_DELETE), post(REVIEWS, MAY_DELETE).saying(**NOBODY)),
    talk("a-group-that-is-not-served", get("/apis/none.example.com/v1/things"), get("/apis/none.example.com")),
    talk("a-resource-that-is-not-served", get(f"{CORE}/things"), get(f"{APPS}/things/one")),
    talk("a-version-that-is-not-served", get("/apis/apps/v9/namespaces/$ns/deployments")),
    talk("a-subresource-that-is-not-served", post(MAPS, config_map("one")), get(f"{MAPS}/one/none")),
    talk("a-method-that-is-not-served", Step("PUT", MAPS, config_map("one")), Step("POST", f"{MAPS}/one", config_map("one"))),
    talk("a-path-that-is-not-served", get("/none"), get("/api/v9")),
    talk("a-body-that-is-no-json", Step("POST", MAPS, raw=b"{"), Step("POST", MAPS, raw=b"[]")),
    talk("a-body-of-unknown-type", Step("POST", MAPS, raw=b"a=1", content_type="application/x-www-form-urlencoded")),
    talk("a-namespace-that-is-not-there", post("/api/v1/namespaces/nowhere/configmaps", config_map("one"))),
    talk("healthy", get("/readyz"), get("/livez"), get("/healthz")),
)
