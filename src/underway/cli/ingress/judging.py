"""What `match` and `prove` share: reading manifests and choosing the semantics."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from underway.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
NGINX = "nginx.ingress.kubernetes.io/"


def semantics_option(flag: str, name: str) -> Callable[[F], F]:
    """--as and its kin."""
    return click.option(
        flag,
        name,
        type=click.Choice(["auto", "ingress-v1", "ingress-nginx", "gateway"]),
        default="auto",
        show_default=True,
        help="Whose semantics: auto takes gateway for routes, ingress-nginx where its class or annotations are used.",
    )


def assume_option(function: F) -> F:
    """--assume NAME=VALUE."""
    return click.option(
        "--assume",
        "assumed",
        multiple=True,
        metavar="NAME=VALUE",
        help="How to read what a specification leaves open: precise-first, fallthrough, implementation-specific (ingress-v1); "
        "listener-isolation, hostname-fallback, expressions, services-complete (gateway).",
    )(function)


def class_option(function: F) -> F:
    """--class NAME."""
    return click.option(
        "--class",
        "class_name",
        default="",
        metavar="NAME",
        help="Take the Ingresses of this class alone (default: all, as one controller's).",
    )(function)


def manifests_from(sources: tuple[str, ...], class_name: str = "") -> Any:
    """The objects in files; of Ingresses those of a class, "" for all. Raises UsageError."""
    from underway.cli.documents import read_documents
    from underway.ingress.objects.manifests import manifests_of

    manifests = manifests_of(read_documents(sources))
    classes = sorted({one.class_name or "(none)" for one in manifests.ingresses})
    if class_name:
        manifests.ingresses = [one for one in manifests.ingresses if one.class_name == class_name]
    elif len(classes) > 1:
        click.echo(f"note: Ingresses of classes {', '.join(classes)} are taken for one controller's; --class takes one", err=True)
    return manifests


def note_skipped(manifests: Any) -> None:
    """Say on stderr what takes no part."""
    for one in manifests.skipped:
        click.echo(f"skipped {one.place}: {one.object} {one.reason}", err=True)


def readings_of(semantics: str, assumed: tuple[str, ...]) -> list[str]:
    """Each open point of a semantics read otherwise than assumed, as --assume has it."""
    from underway.ingress.equivalence.readings import other_readings
    from underway.ingress.matchers import SEMANTICS

    module: Any = next(one for one in SEMANTICS if one.name == semantics)
    return [text for text, _ in other_readings(_parameters(module, assumed))]


def chosen(manifests: Any, semantics: str, flag: str) -> str:
    """The semantics that is asked for, or that the objects speak for. Raises UsageError where they speak for two."""
    if semantics != "auto":
        return semantics
    routes = bool(manifests.http_routes or manifests.grpc_routes or manifests.tls_routes or manifests.gateways)
    if routes and manifests.ingresses:
        raise UsageError(
            f"the files hold Ingresses and routes; say which of them is meant: {flag} ingress-v1, ingress-nginx or gateway"
        )
    if routes:
        return "gateway"
    controllers = {one.metadata.name for one in manifests.ingress_classes if one.spec.controller == "k8s.io/ingress-nginx"}
    for ingress in manifests.ingresses:
        if ingress.class_name in {"nginx", *controllers} or any(key.startswith(NGINX) for key in ingress.metadata.annotations):
            return "ingress-nginx"
    return "ingress-v1"


def router_for(manifests: Any, semantics: str, assumed: tuple[str, ...] = (), flag: str = "--as") -> Any:
    """The matcher over the objects. Raises UsageError if there is nothing to match, or an assumption is none."""
    from underway.ingress.matchers import SEMANTICS

    name = chosen(manifests, semantics, flag)
    has = manifests.gateways or manifests.http_routes if name == "gateway" else manifests.ingresses
    if not has:
        reasons = "; ".join(f"{one.place}: {one.object} {one.reason}" for one in manifests.skipped[:3])
        wanted = "Gateways with routes" if name == "gateway" else "Ingresses"
        raise UsageError(f"the files hold no {wanted} to match{f' ({reasons})' if reasons else ''}")
    module = next(module for module in SEMANTICS if module.name == name)
    return module.router(manifests, _parameters(module, assumed))


def _parameters(module: Any, assumed: tuple[str, ...]) -> Any:
    """The parameters of a semantics; assumptions about the others are theirs. Raises UsageError if nobody has one."""
    import msgspec

    from underway.ingress.matchers import SEMANTICS

    known = {name for one in SEMANTICS for name in one.Parameters.__struct_fields__}
    wishes = {}
    for text in assumed:
        name, _, value = text.partition("=")
        field = name.strip().replace("-", "_")
        if field not in known:
            raise UsageError(f"--assume {text}: choose from {', '.join(sorted(one.replace('_', '-') for one in known))}")
        if field in module.Parameters.__struct_fields__:
            wishes[field] = {"true": True, "false": False}.get(value, value)
    try:
        return msgspec.convert(wishes, module.Parameters)
    except msgspec.ValidationError as error:
        raise UsageError(f"--assume: {str(error).replace('_', '-')}") from None
