"""Namespaces that end. What the real server says, word by word, is held by tests/parity."""

from unit.sim.apiserver.caller import DEFAULT, Caller, config, pod

HERE = "/api/v1/namespaces/shop"
MAPS, PODS = f"{HERE}/configmaps", f"{HERE}/pods"
ENDING = "unable to create new content in namespace shop because it is being terminated"


def shop(api: Caller) -> Caller:
    """The server with a namespace that ends, with a pod and a ConfigMap in it."""
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    api.call("POST", PODS, pod("p", node="n"))
    api.call("POST", MAPS, config("a"))
    code, ends = api.call("DELETE", HERE)
    assert (code, ends["status"]["phase"]) == (200, "Terminating")
    return api


def test_nothing_new_comes_into_a_namespace_that_ends(api: Caller) -> None:
    code, refused = shop(api).call("POST", MAPS, config("b"))
    assert (code, refused["reason"]) == (403, "Forbidden")
    assert refused["message"] == f'configmaps "b" is forbidden: {ENDING}'
    cause = {"reason": "NamespaceTerminating", "message": "namespace shop is being terminated", "field": "metadata.namespace"}
    assert refused["details"]["causes"] == [cause]


def test_an_eviction_is_something_new(api: Caller) -> None:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    code, refused = shop(api).call("POST", f"{PODS}/p/eviction", eviction)
    assert (code, refused["message"]) == (403, f'pods "p" is forbidden: {ENDING}')


def test_what_is_there_may_be_changed_and_deleted(api: Caller) -> None:
    shop(api)
    assert api.patch(f"{MAPS}/a", {"data": {"x": "1"}})[0] == 200
    assert api.call("DELETE", f"{PODS}/p")[0] == 200


def test_a_namespace_goes_when_nothing_holds_it(api: Caller) -> None:
    shop(api)
    assert api.call("DELETE", HERE)[0] == 200
    assert api.call("GET", HERE)[0] == 200
    api.call("PUT", f"{HERE}/finalize", {"metadata": {"name": "shop"}, "spec": {"finalizers": []}})
    assert api.call("GET", HERE)[0] == 404


def test_a_finalizer_of_somebody_else_holds_it_too(api: Caller) -> None:
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop", "finalizers": ["example.com/x"]}})
    api.call("DELETE", HERE)
    api.call("PUT", f"{HERE}/finalize", {"metadata": {"name": "shop"}, "spec": {}})
    assert api.call("GET", HERE)[0] == 200
    api.patch(HERE, {"metadata": {"finalizers": None}})
    assert api.call("GET", HERE)[0] == 404


def test_the_clusters_own_finalizer_holds_it_when_nobody_elses_does(api: Caller) -> None:
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop", "finalizers": ["example.com/x"]}})
    api.call("DELETE", HERE)
    api.patch(HERE, {"metadata": {"finalizers": None}})
    assert api.call("GET", HERE)[1]["status"] == {"phase": "Terminating"}


def test_those_of_the_cluster_itself_may_not_go(api: Caller) -> None:
    code, refused = api.call("DELETE", DEFAULT)
    assert (code, refused["message"]) == (403, 'namespaces "default" is forbidden: this namespace may not be deleted')
