"""`underway crd lint`: the versions of definitions looked over."""

from typing import Any

import click

from underway.cli.crd.documents import documents, objects
from underway.cli.options import emit, output_option
from underway.errors import UsageError


@click.command()
@click.option("-f", "--file", "source", required=True, metavar="FILE", help="CustomResourceDefinitions; - for standard input.")
@click.option("--with", "spec", default="", metavar="MODULE:CONVERSIONS", help="The conversions, to look at those too.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "none"]),
    default="warning",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@output_option
def command(source: str, spec: str, fail_on: str, output: str) -> int:
    """Find what will surprise those who use several versions of a custom resource.

    Defaults that only some versions have, fields that are lost, enums and bounds that are narrower, one-ofs that nothing
    enforces, missing conversions, printer columns, storedVersions that hold a version back. No cluster is needed.

    Example: kubectl get crds -o yaml | underway crd lint -f -
    """
    from underway.crd.lint import SEVERITIES, findings
    from underway.web.declared import conversions

    declared = {one.versions.name: one for one in conversions(spec)} if spec else {}
    crds = [value for value in objects(documents(source)) if value.get("kind") == "CustomResourceDefinition"]
    if not crds:
        raise UsageError(f"{source}: holds no CustomResourceDefinition")
    found: list[tuple[str, Any]] = []
    for crd in crds:
        name = str((crd.get("metadata") or {}).get("name"))
        found += [(name, one) for one in findings(crd, declared.get(name))]
    value = {"findings": [{"name": name, **_plain(one)} for name, one in found]}

    def text() -> None:
        for name, one in found:
            where = " ".join(part for part in (name, one.version, one.path) if part)
            click.echo(f"{one.severity:8} {where}: {one.message} [{one.rule}]\n         {one.remedy}")
        counts = ((len(crds), "definition"), (len(found), "finding"))
        click.echo(", ".join(f"{count} {what}{'s' if count != 1 else ''}" for count, what in counts))

    emit(value, output, text)
    grave = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on in SEVERITIES else ()
    return 1 if any(one.severity in grave for _, one in found) else 0


def _plain(one: Any) -> dict[str, Any]:
    import msgspec

    value: dict[str, Any] = msgspec.to_builtins(one)
    return value
