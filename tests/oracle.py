"""A second opinion on routing, slow and by other means: the documents' sentences over lists, without tables, classes or automata.

It shares no code with `underway.ingress`; it reads the same plain objects. Only hosts, Exact, Prefix and ImplementationSpecific
paths, and PathPrefix and Exact matches of one Gateway listener are known to it.
"""

from typing import Any

Plain = dict[str, Any]


def _elements(path: str) -> list[str]:
    found = path.split("/")
    return found[:-1] if found[-1] == "" else found


def _begins(rule: str, path: str) -> bool:
    return _elements(path)[: len(_elements(rule))] == _elements(rule)


def specification(ingresses: list[Plain], host: str, path: str) -> str:
    """The Service that answers by the specification of Ingress v1, "" for none. All of one age: names decide."""
    ordered = sorted(ingresses, key=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"]))
    rules = [(one, rule) for one in ordered for rule in one["spec"].get("rules", ())]
    parent = host.partition(".")[2]
    for wanted in (host, f"*.{parent}", ""):
        chosen = [(one, rule) for one, rule in rules if rule.get("host", "") == wanted]
        if chosen:
            return _longest(chosen, path) or _default(ordered, [one for one, _ in chosen])
    return _default(ordered, [])


def _longest(chosen: list[tuple[Plain, Plain]], path: str) -> str:
    found = []
    for _, rule in chosen:
        for one in rule["http"]["paths"]:
            exact = one["pathType"] == "Exact"
            if one["path"] == path if exact else _begins(one["path"], path):
                found.append((len(one["path"]), exact, one["backend"]["service"]["name"]))
    best = max(((length, exact) for length, exact, _ in found), default=None)
    return next((name for length, exact, name in found if (length, exact) == best), "")


def _default(ordered: list[Plain], own: list[Plain]) -> str:
    without_rules = [one for one in ordered if not one["spec"].get("rules")]
    for one in [*own, *without_rules, *ordered]:
        if "defaultBackend" in one["spec"]:
            return str(one["spec"]["defaultBackend"]["service"]["name"])
    return ""


def gateway_api(routes: list[Plain], host: str, path: str) -> str:
    """The Service that answers by the Gateway API, for routes of one listener without hostname; "" for none."""
    covered = [
        (name, route)
        for route in routes
        for name in route["spec"]["hostnames"] or [""]
        if name in ("", host) or (name.startswith("*.") and host.endswith(name[1:]) and host != name[1:])
    ]
    if not covered:
        return ""
    most = max(covered, key=lambda pair: (not pair[0].startswith("*") and bool(pair[0]), len(pair[0])))[0]
    found = []
    for name, route in covered:
        if name != most:
            continue
        for number, rule in enumerate(route["spec"]["rules"]):
            for one in rule.get("matches") or [{"path": {"type": "PathPrefix", "value": "/"}}]:
                kind, value = one["path"]["type"], one["path"]["value"]
                if value == path if kind == "Exact" else _begins(value, path):
                    key = (kind != "Exact", -len(value), route["metadata"]["name"], number)
                    found.append((key, rule["backendRefs"][0]["name"]))
    return min(found)[1] if found else ""
