"""Controllers that follow the specification and add annotations: the plan of `plain`, then each rule as its Ingress says.

Owns how families of annotations are laid over a plain plan. A family has KEYS and `apply(own, rule)`; what none of them knows
is lost.
"""

from types import ModuleType

import msgspec

from underway.ingress.ir import EXACT, PREFIX, Match, Path, Plan, Redirect, Rule, Server
from underway.ingress.losses import Loss
from underway.ingress.providers import plain
from underway.ingress.providers.annotations import Annotations
from underway.ingress.source import Ingress, Source


def plan(
    ingresses: list[Ingress],
    source: Source,
    class_name: str,
    prefix: str,
    families: tuple[ModuleType, ...],
    elsewhere: tuple[str, ...],
) -> tuple[Plan, list[Loss], dict[str, Annotations]]:
    """A plain plan with annotations. elsewhere: keys that the caller reads itself; returns the annotations by Ingress too."""
    made, losses = plain.plan(ingresses, source, class_name)
    owns = {ingress.key: Annotations(ingress, source.config_maps, prefix) for ingress in ingresses}
    templates: dict[str, Rule] = {}
    for key, own in owns.items():
        template = templates[key] = Rule((), own.ingress.namespace, key, own.ingress.where)
        for family in families:
            family.apply(own, template)
    for server in made.servers:
        server.rules = [_laid_over(rule, templates[rule.owner]) for rule in server.rules]
    known = {key for family in families for key in family.KEYS} | set(elsewhere)
    for own in owns.values():
        for key in sorted(set(own.given) - known):
            own.lose("lost", key, "is not converted", "look what it did, and whether the implementation has a policy for it")
    return made, losses, owns


def _laid_over(rule: Rule, template: Rule) -> Rule:
    made = msgspec.structs.replace(template, matches=rule.matches, where=rule.where, backends=rule.backends)
    if made.redirect is not None:
        made.backends = ()
    return made


def to_https(server: Server, redirecting: set[str], code: int) -> None:
    """Send http to https for the Ingresses that ask for it, path by path."""
    rules: list[Rule] = []
    for rule in server.rules:
        if rule.owner not in redirecting or rule.scheme or rule.redirect is not None:
            rules.append(rule)
            continue
        redirect = Redirect(code, "https")
        rules.append(Rule(rule.matches, rule.namespace, rule.owner, rule.where, redirect=redirect, scheme="http"))
        rules.append(msgspec.structs.replace(rule, scheme="https"))
    server.rules = rules


def app_root(server: Server, owns: dict[str, Annotations]) -> None:
    """A request for / alone goes to the application's root."""
    for own in owns.values():
        root = own.text("app-root")
        here = any(rule.owner == own.ingress.key for rule in server.rules)
        if root.startswith("/") and here:
            match = Match(Path(EXACT, "/"))
            where, ingress = own.where("app-root"), own.ingress
            rule = Rule((match,), ingress.namespace, ingress.key, where, redirect=Redirect(302, path=root))
            server.rules = [rule, *(one for one in server.rules if one.matches != (match,))]


def say_string_prefixes(ingresses: list[Ingress], kinds: tuple[str, ...], who: str) -> list[Loss]:
    """E4: paths of some kinds are compared letter by letter by a controller, element by element by a Gateway."""
    found = []
    for ingress in ingresses:
        for rule in ingress.rules:
            for path in rule.paths:
                if path.path_type in kinds and not path.path.endswith("/"):
                    reason = f"{path.path} ({path.path_type}) is any path that begins so, for {who}; a {PREFIX} goes by elements"
                    witness = f"GET http://{rule.host or 'any.host'}{path.path}x was answered by it, and now is not"
                    hosts = (rule.host,)
                    found.append(Loss("differs", path.where, ingress.object, reason, "", "E4", witness, hosts))
    return found
