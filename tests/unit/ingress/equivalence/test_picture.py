"""What is drawn of a proof."""

from ingresses import annotated, gateway, ingress, match, nginx, route, routed, rule, specified
from underway.ingress.equivalence.picture import HOSTS_MAX, picture_of
from underway.ingress.equivalence.proof import prove


def test_refuted_hosts_come_first_with_their_witness_and_the_rules_that_answer_it() -> None:
    left = specified(ingress("a", "a.example", ("Prefix", "/", "web")), ingress("b", "b.example", ("Prefix", "/", "web")))
    right = routed(gateway(), route("a", ("a.example",), rule("web")), route("b", ("b.example",), rule("other", match("/"))))
    picture = picture_of(left, right, prove(left, right))
    assert [(one.host, one.verdict) for one in picture.hosts] == [
        ("b.example", "REFUTED"),
        ("a.example", "PROVED"),
        ("*", "PROVED"),
    ]
    first = picture.hosts[0]
    assert first.witnesses[0].request == "GET http://b.example/"
    assert next((one.path, one.outcome, one.taken) for one in first.left) == ("/", "shop/web:80", True)
    assert [(one.outcome, one.taken) for one in first.right] == [("shop/other:80", True)]
    assert dict(picture.counts) == {"REFUTED": 1, "UNKNOWN": 0, "TESTED": 0, "PROVED": 2}


def test_branches_say_conditions_redirects_and_rewrites() -> None:
    to_https = [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 308}}]
    cut = [{"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}]
    right = routed(
        gateway(),
        route("a", (), rule("x", match("/x", headers={"beta": "1"}), filters=cut), rule("", match("/s"), filters=to_https)),
    )
    left = nginx(
        ingress("a", "a.example", ("ImplementationSpecific", "/x(.*)", "x"), annotations=annotated(rewrite_target="/$1")),
        ingress("w", "b.example", ("Prefix", "/", "w"), annotations=annotated(from_to_www_redirect="true")),
    )
    picture = picture_of(left, right, prove(left, right))
    host = next(one for one in picture.hosts if one.host == "a.example")
    assert [(one.path, one.conditions, one.outcome) for one in host.right] == [
        ("/x", "header beta = 1", "shop/x:80, which sees path /(rest)"),
        ("/s", "", "redirect 308 to https://(host)(path)"),
    ]
    assert ("^/x(.*)", "regex", "shop/x:80, which sees path /$1") in {(one.path, one.kind, one.outcome) for one in host.left}
    www = next(one for one in picture.hosts if one.host == "www.b.example")
    assert www.left[0].outcome.startswith("redirect 308")


def test_only_so_many_hosts_are_drawn() -> None:
    left = specified(*(ingress(f"i{number}", f"h{number}.example", ("Prefix", "/", "web")) for number in range(HOSTS_MAX + 5)))
    picture = picture_of(left, left, prove(left, left))
    assert len(picture.hosts) == HOSTS_MAX
    assert picture.hidden == 6
