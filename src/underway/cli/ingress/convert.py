"""`underway ingress convert`: Ingresses to another version of their API, or to the Gateway API."""

import json
from typing import Any

import click


@click.command(name="convert")
@click.option("-f", "--file", "sources", multiple=True, required=True, metavar="FILE", help="Manifests; a folder; - for stdin.")
@click.option("--to", type=click.Choice(["v1", "v1beta1"]), default="v1", show_default=True, help="What to convert to.")
@click.option(
    "--class",
    "class_to",
    type=click.Choice(["keep", "field", "annotation"]),
    default="keep",
    show_default=True,
    help="Move kubernetes.io/ingress.class into spec.ingressClassName, or back. The API server never does.",
)
@click.option(
    "--report", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How losses are told, on stderr."
)
@click.pass_context
def command(ctx: click.Context, sources: tuple[str, ...], to: str, class_to: str, report: str) -> None:
    """Convert Ingresses: to v1, back to v1beta1.

    The result goes to stdout, what could not be carried over to stderr. Exit code 4 if there was any of that.

    Example: underway ingress convert -f ingress.yaml --to v1
    """
    from underway.cli.ingress.texts import read_texts

    documents = read_texts(sources)
    losses = _to_version(documents, to, "" if class_to == "keep" else class_to)
    tell(losses, documents, report)
    ctx.exit(4 if losses else 0)


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
    """Say on stderr what could not be carried over, with file and line."""
    from underway.ingress.losses import spelled

    rows = []
    for loss in losses:
        file, _, line = documents[loss.where.source].place(loss.where.path).rpartition(":")
        rows.append(
            {
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
        )
    if report == "json":
        click.echo(json.dumps({"losses": rows}, indent=2), err=True)
        return
    for row in rows:
        code = f" [{row['code']}]" if row["code"] else ""
        witness = f"; {row['witness']}" if row["witness"] else ""
        remedy = f"; {row['remedy']}" if row["remedy"] else ""
        click.echo(
            f"{row['file']}:{row['line']}: {row['kind']}: {row['object']}: {row['reason']}{code}{witness}{remedy}", err=True
        )
