"""Ingresses of no known controller, by the specification: each difference in its sound form, or said."""

from unit.ingress.converting import codes, ingress, kinds, made, path, said, table


def test_paths_keep_their_kind() -> None:
    out = made(ingress(hosts={"a.com": [path("/x", "x", "Exact"), path("/p/", "p"), path("/")]}))
    assert table(out, "a.com") == ["Exact /x -> x:80", "PathPrefix /p -> p:80", "PathPrefix / -> s:80"]
    assert out.losses == []


def test_e1_a_wildcard_is_said_to_be_wider_with_a_witness() -> None:
    out = made(ingress(hosts={"*.a.com": [path("/")]}))
    [loss] = out.losses
    assert (loss.kind, loss.code) == ("differs", "E1")
    assert loss.witness == "GET http://a.b.a.com/ was not answered by this host, and now is"


def test_e2_an_exact_path_that_never_answered_stays_silent() -> None:
    out = made(ingress(hosts={"a.com": [path("/x", "exact", "Exact"), path("/x/", "prefix")]}))
    assert table(out, "a.com") == ["PathPrefix /x -> prefix:80"]
    assert said(out.losses, "note") == [
        "E2 Exact /x never answers beside Prefix /x/, the longer path; it was left out so that this stays so"
    ]


def test_of_two_prefixes_that_differ_by_a_slash_the_longer_answers() -> None:
    out = made(ingress(hosts={"a.com": [path("/x", "short"), path("/x/", "long")]}))
    assert table(out, "a.com") == ["PathPrefix /x -> long:80"]
    assert codes(out) == {"E8"}


def test_e3_the_default_backend_is_in_every_host_and_for_all_others() -> None:
    default = {"service": {"name": "d", "port": {"number": 80}}}
    out = made(ingress(hosts={"a.com": [path("/x")], "b.com": []}, defaultBackend=default))
    assert table(out, "a.com") == ["PathPrefix /x -> s:80", "PathPrefix / -> d:80"]
    assert table(out, "b.com") == ["PathPrefix / -> d:80"]
    assert [route["spec"].get("hostnames") for route in kinds(out, "HTTPRoute")] == [["a.com"], ["b.com"], None]
    assert out.losses == []


def test_an_ingress_of_a_default_backend_alone_has_a_listener_to_stand_on() -> None:
    out = made(ingress(defaultBackend={"service": {"name": "d", "port": {"number": 80}}}))
    [gateway], [route] = kinds(out, "Gateway"), kinds(out, "HTTPRoute")
    assert gateway["spec"]["listeners"] == [{"name": "http", "port": 80, "protocol": "HTTP"}]
    assert route["spec"]["parentRefs"] == [{"name": "front", "sectionName": "http"}]


def test_e4_implementation_specific_is_said_to_be_a_guess() -> None:
    out = made(ingress(hosts={"a.com": [path("/x", kind="ImplementationSpecific")]}))
    assert [loss.witness for loss in out.losses] == ["GET http://a.com/xx may have been answered by this path, and now is not"]


def test_e8_the_older_ingress_keeps_a_path_and_the_younger_hears_of_it() -> None:
    young = ingress("shop/a", {"a.com": [path("/", "young")]}, creationTimestamp="2026-02-01T00:00:00Z")
    old = ingress("shop/b", {"a.com": [path("/", "old")]}, creationTimestamp="2026-01-01T00:00:00Z")
    out = made(young, old)
    assert table(out, "a.com") == ["PathPrefix / -> old:80"]
    assert [(loss.code, loss.object, loss.where.source) for loss in out.losses] == [("E8", "Ingress shop/a", 0)]


def test_certificates_go_to_the_hosts_that_tls_names_alone() -> None:
    tls = [{"hosts": ["a.com"], "secretName": "a"}, {"hosts": ["*.b.com"], "secretName": "b"}]
    out = made(ingress(hosts={"a.com": [path("/")], "x.b.com": [path("/")], "c.com": [path("/")]}, tls=tls))
    listeners = kinds(out, "Gateway")[0]["spec"]["listeners"]
    named = {one["hostname"]: one["tls"]["certificateRefs"] for one in listeners if one["protocol"] == "HTTPS"}
    assert named == {"a.com": [{"name": "a"}], "x.b.com": [{"name": "b"}], "*.b.com": [{"name": "b"}]}
    assert "tls spec.tls names *.b.com, which no rule has: its listener has a certificate and no route" in said(out.losses)


def test_a_host_of_tls_alone_gets_what_answers_any_host() -> None:
    out = made(ingress(hosts={"": [path("/", "any")]}, tls=[{"hosts": ["a.com"], "secretName": "a"}]))
    assert table(out, "a.com", section="https-a.com") == ["PathPrefix / -> any:80"]


def test_tls_without_a_secret_needs_a_certificate_to_be_named() -> None:
    one = ingress(hosts={"a.com": [path("/")]}, tls=[{"hosts": ["a.com"]}])
    out = made(one)
    assert said(out.losses) == ["spec.tls names no Secret: the controller's default certificate answered; a listener needs one"]
    assert {each["protocol"] for each in kinds(out, "Gateway")[0]["spec"]["listeners"]} == {"HTTP"}


def test_a_resource_backend_is_for_the_implementation_to_know() -> None:
    bucket = {"path": "/", "pathType": "Prefix", "backend": {"resource": {"apiGroup": "k8s.io", "kind": "Bucket", "name": "b"}}}
    out = made(ingress(hosts={"a.com": [bucket]}))
    assert kinds(out, "HTTPRoute")[0]["spec"]["rules"][0]["backendRefs"] == [{"group": "k8s.io", "kind": "Bucket", "name": "b"}]
    assert "the backend is Bucket.k8s.io b" in said(out.losses)[0]
