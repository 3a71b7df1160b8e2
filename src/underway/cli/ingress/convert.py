"""`underway ingress convert`: Ingresses to another version of their API, or to the Gateway API."""

import json
from typing import Any

import click

from underway.errors import UsageError

TARGETS = ("gateway", "v1", "v1beta1")
NOTE = "note"  # the kind of loss that changes nothing


@click.command(name="convert")
@click.option("-f", "--file", "sources", multiple=True, required=True, metavar="FILE", help="Manifests; a folder; - for stdin.")
@click.option("--to", type=click.Choice(TARGETS), default="gateway", show_default=True, help="What to convert to.")
@click.option(
    "--emitter", default="standard", show_default=True, metavar="NAME", help="standard, envoy-gateway, nginx-gateway-fabric."
)
@click.option(
    "--gateway-api", default="1.6", show_default=True, metavar="1.N", help="The version of the Gateway API: 1.4, 1.5 or 1.6."
)
@click.option(
    "--topology",
    type=click.Choice(["namespace", "shared", "listenerset"]),
    default="namespace",
    show_default=True,
    help="A Gateway for each namespace, one for all, or one with a ListenerSet for each namespace.",
)
@click.option(
    "--provider", default="auto", show_default=True, metavar="NAME", help="Whose Ingresses: auto looks at class and annotations."
)
@click.option("--gateway-class", default="", metavar="NAME", help="The GatewayClass (default: the name of the IngressClass).")
@click.option(
    "--controller", default="", metavar="NAME", help="spec.controllerName of the GatewayClass, where the emitter knows none."
)
@click.option("--gateway", default="gateways/", metavar="NAMESPACE/NAME", help="The shared Gateway.")
@click.option(
    "--default-certificate", default="", metavar="NAMESPACE/NAME", help="The Secret for hosts whose spec.tls names none."
)
@click.option("--experimental", is_flag=True, help="Use fields of the experimental channel too: retry, sessionPersistence.")
@click.option("--open", "open_", is_flag=True, help="Emit routes even where what guards them (auth, allow lists) is lost.")
@click.option(
    "--class",
    "class_to",
    type=click.Choice(["keep", "field", "annotation"]),
    default="keep",
    show_default=True,
    help="With v1, v1beta1: move kubernetes.io/ingress.class into spec.ingressClassName, or back. The API server never does.",
)
@click.option(
    "--report", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How losses are told, on stderr."
)
@click.pass_context
def command(ctx: click.Context, /, sources: tuple[str, ...], to: str, report: str, class_to: str, **wishes: Any) -> None:
    """Convert Ingresses to the Gateway API, to v1, or back to v1beta1.

    The result goes to stdout as YAML. What is not as it was goes to stderr, with file and line: skipped objects, lost
    settings, requests that are answered otherwise. Exit code 4 if there was any of that; notes alone change nothing.

    Example: underway ingress convert -f ingress.yaml --emitter envoy-gateway --topology shared
    """
    from underway.cli.ingress.texts import read_texts

    options = options_of(**wishes) if to == "gateway" else None
    documents = read_texts(sources)
    if options is None:
        losses = _to_version(documents, to, "" if class_to == "keep" else class_to)
    else:
        losses = _to_gateway(documents, options)
    tell(losses, documents, report)
    ctx.exit(4 if any(loss.kind != NOTE for loss in losses) else 0)


def options_of(**wishes: Any) -> Any:
    """The wishes, checked. Raises UsageError."""
    from underway.ingress.emitters import EMITTERS
    from underway.ingress.ir import Certificate
    from underway.ingress.layout import NEWEST, OLDEST, Options
    from underway.ingress.providers import PROVIDERS

    _among("--emitter", wishes["emitter"], [one.name for one in EMITTERS])
    _among("--provider", wishes["provider"], ["auto", *(one.name for one in PROVIDERS)])
    _among("--gateway-api", wishes["gateway_api"], [f"1.{minor}" for minor in range(OLDEST, NEWEST + 1)])
    namespace, _, name = wishes["gateway"].partition("/")
    secret = wishes["default_certificate"].partition("/")
    if wishes["default_certificate"] and not (secret[0] and secret[2]):
        raise UsageError(f"--default-certificate {wishes['default_certificate']}: write NAMESPACE/NAME of a Secret")
    if wishes["topology"] == "listenerset" and wishes["gateway_api"] == "1.4":
        raise UsageError("--topology listenerset: ListenerSet is in the Gateway API since 1.5")
    return Options(
        emitter=wishes["emitter"],
        minor=int(wishes["gateway_api"].partition(".")[2]),
        topology=wishes["topology"],
        provider=wishes["provider"],
        gateway_class=wishes["gateway_class"],
        controller=wishes["controller"],
        gateway=(namespace or "gateways", name),
        default_certificate=Certificate(secret[0], secret[2]) if wishes["default_certificate"] else None,
        experimental=wishes["experimental"],
        open=wishes["open_"],
    )


def _among(option: str, given: str, known: list[str]) -> None:
    if given not in known:
        raise UsageError(f"{option} {given}: there is none; choose from {', '.join(known)}")


def _to_gateway(documents: list[Any], options: Any) -> list[Any]:
    """Print the objects of the Gateway API, and return what is not as it was."""
    import yaml

    from underway.ingress.conversion import convert

    made = convert([document.values for document in documents], options)
    if not made.ingresses and not made.losses:
        raise UsageError("the files hold no Ingress of networking.k8s.io/v1, v1beta1 or extensions/v1beta1")
    if made.objects:
        dumper = type("Plain", (getattr(yaml, "CSafeDumper", yaml.SafeDumper),), {"ignore_aliases": lambda *_: True})
        click.echo(yaml.dump_all(made.objects, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120), nl=False)
    return made.losses


def _to_version(documents: list[Any], to: str, class_to: str) -> list[Any]:
    """Print every document in the version, and return what was lost."""
    from underway.ingress.versions import converted

    losses: list[Any] = []
    written = []
    for index, document in enumerate(documents):
        outcome = converted(document.values, index, to, class_to)
        losses += outcome.losses
        text = document.edited(outcome.edits)
        if index and not text.startswith("---"):
            text = "---\n" + text
        written.append(text if text.endswith("\n") else text + "\n")
    click.echo("".join(written), nl=False)
    return losses


def tell(losses: list[Any], documents: list[Any], report: str) -> None:
    """Say on stderr what is not as it was, with file and line."""
    rows = [_row(loss, documents[loss.where.source]) for loss in losses]
    if report == "json":
        click.echo(json.dumps({"losses": rows}, indent=2), err=True)
        return
    for row in rows:
        code = f" [{row['code']}]" if row["code"] else ""
        click.echo(f"{row['file']}:{row['line']}: {row['kind']}: {row['object']}: {row['reason']}{code}", err=True)
        for word in ("witness", "remedy"):
            if row[word]:
                click.echo(f"    {word:8} {row[word]}", err=True)


def _row(loss: Any, document: Any) -> dict[str, Any]:
    from underway.ingress.losses import spelled

    file, _, line = document.place(loss.where.path).rpartition(":")
    return {
        "kind": loss.kind,
        "file": file,
        "line": int(line),
        "object": loss.object,
        "field": spelled(loss.where.path),
        "code": loss.code,
        "reason": loss.reason,
        "witness": loss.witness,
        "remedy": loss.remedy,
        "hosts": list(loss.hosts),
    }
