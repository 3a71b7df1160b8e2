"""haproxy-ingress: the specification, ImplementationSpecific paths that begin letter by letter, and its own annotations.

Source: haproxy-ingress.github.io documentation, "Configuration keys".
"""

from underway.ingress.ir import Plan
from underway.ingress.losses import Loss
from underway.ingress.providers import specified
from underway.ingress.providers.haproxy_ingress import access, headers, policies, redirects
from underway.ingress.source import Ingress, Source

name = "haproxy-ingress"
controllers = ("haproxy-ingress.github.io/controller",)
classes = ("haproxy",)
prefixes = ("haproxy-ingress.github.io/",)
FAMILIES = (redirects, headers, access, policies)
HERE = ("ssl-redirect", "ssl-redirect-code", "app-root", "path-type", "server-alias")


def plan(ingresses: list[Ingress], source: Source, class_name: str) -> tuple[Plan, list[Loss]]:
    """The hosts and rules of Ingresses of one class."""
    made, losses, owns = specified.plan(ingresses, source, class_name, prefixes[0], FAMILIES, HERE)
    # The plain plan says of ImplementationSpecific that nobody knows; of this controller it is known.
    losses = [loss for loss in losses if loss.code != "E4"]
    begins = [one for one in ingresses if owns[one.key].text("path-type", "begin") == "begin"]
    losses += specified.say_string_prefixes(begins, ("ImplementationSpecific",), name)
    for server in made.servers:
        specified.app_root(server, owns)
        redirecting = {key for key, own in owns.items() if server.tls and own.flag("ssl-redirect", default=True)}
        code = next((own.number("ssl-redirect-code", 302) for key, own in owns.items() if key in redirecting), 302)
        specified.to_https(server, redirecting, code if code in (301, 302, 303, 307, 308) else 302)
    for own in owns.values():
        for key in ("path-type", "server-alias"):
            if own.text(key) not in ("", "begin", "prefix", "exact"):
                own.lose("lost", key, "is not converted", "write the paths and hosts as rules")
        losses += own.losses
    return made, losses
