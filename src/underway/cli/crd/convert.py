"""`underway crd convert`: objects in files to another version, as the API server would show them."""

import asyncio
import json
from typing import Any

import click

from underway.cli.crd.documents import Object, definition, documents, is_list, named
from underway.cli.options import cluster_options
from underway.errors import UsageError


@click.command()
@click.option("--crd", "crd_source", default="", metavar="FILE", help="The CustomResourceDefinition; - for standard input.")
@click.option("--with", "spec", default="", metavar="MODULE:CONVERSIONS", help="The conversions, where its strategy is Webhook.")
@click.option("--to", required=True, metavar="VERSION", help="The version that is wanted, such as v1.")
@click.option("-f", "--file", "source", default="", metavar="FILE", help="Objects and lists; - for standard input.")
@click.option("--live", is_flag=True, help="Instead of a file: every object of the kind in the cluster, in its storage version.")
@cluster_options
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="How to print.")
def command(crd_source: str, spec: str, to: str, source: str, live: bool, kubeconfig: str, context: str, output: str) -> int:
    """Convert objects to another version.

    Objects are read as the API server reads what it is sent: pruned, with the defaults of their own version. What the version
    that is wanted cannot hold is kept in an annotation of the object, and told on standard error. MODULE is an importable
    module or the path of a .py file. With --live nothing is written: it shows what a new conversion would do to what is
    there. Exit code 4 if some objects could not be converted, 1 if none could.

    Example: underway crd convert --crd devices.yaml --with conversions.py:CONVERSIONS --to v1 -f pump.yaml
    """
    kind = _conversions(crd_source, spec)
    if bool(source) == live:
        raise UsageError("give the objects with -f FILE, or --live for those of the cluster")
    found = asyncio.run(_living(kind, kubeconfig, context)) if live else documents(source)
    done = _Run(kind, to)
    printed = [document for document in map(done.document, found) if document is not None]
    _print(printed, output)
    if not done.failed:
        return 0
    return 4 if done.converted else 1


async def _living(kind: Any, kubeconfig: str, context: str) -> list[Object]:
    """Every object of the kind, read in the version that the definition stores, if it is served."""
    from underway.crd.storage import stored_of
    from underway.kube.resource import Resource
    from underway.live.connect import connect
    from underway.live.custom_objects import every
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection

    stored = stored_of(kind.crd)
    resource = Resource(stored.group, stored.through, stored.plural, stored.kind, namespaced=stored.namespaced)
    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        return await every(api, resource)


class _Run:
    """The conversion of all documents, counted."""

    def __init__(self, kind: Any, to: str) -> None:
        from underway.crd.definition import definition_of

        self._kind, self._to = kind, to
        self._definition = definition_of(kind.crd)
        self.converted = self.failed = 0

    def document(self, document: Object) -> Object | None:
        """One document; None if it could not be converted."""
        if not is_list(document):
            return self._object(document)
        items = [item for item in map(self._object, document["items"]) if item is not None]
        api_version = document.get("apiVersion")
        if document["kind"] != "List" and items:
            api_version = items[0]["apiVersion"]
        return {**document, "apiVersion": api_version, "items": items}

    def _object(self, value: Any) -> Object | None:
        from underway.crd.conversion import Unconvertible

        if not isinstance(value, dict):
            self.failed += 1
            click.echo(f"an item of a list is no object, but {type(value).__name__}", err=True)
            return None
        outcome = self._kind.convert(self._held(value), self._to)
        if isinstance(outcome, Unconvertible):
            self.failed += 1
            field = f"{outcome.field}: " if outcome.field else ""
            click.echo(f"{named(value)}: {field}{outcome.reason}", err=True)
            return None
        self.converted += 1
        for path in outcome.kept:
            click.echo(f"{named(value)}: {self._to} cannot hold {path}: kept in its annotation", err=True)
        for path in outcome.lost:
            click.echo(f"{named(value)}: {self._to} cannot hold {path}: lost", err=True)
        return dict(outcome.object)

    def _held(self, value: Object) -> Object:
        """The object as the API server would hold it, had it been sent: with its own version's defaults, pruned."""
        from underway.crd import pipeline
        from underway.crd.defaults import copied

        version = self._definition.version_of(value)
        if version is None:
            return value
        read = pipeline.request(copied(value), version)
        for path in read.unknown:
            click.echo(f"{named(value)}: {version.name} does not have {path}: pruned", err=True)
        return value if read.problem is not None else read.value


def _conversions(crd_source: str, spec: str) -> Any:
    """The conversions to use. Raises UsageError."""
    from underway.crd.conversion import same_schema
    from underway.web.declared import conversions

    crd = definition(crd_source) if crd_source else None
    if not spec:
        if crd is None:
            raise UsageError("give the definition with --crd, or the conversions with --with MODULE:CONVERSIONS, or both")
        strategy = ((crd.get("spec") or {}).get("conversion") or {}).get("strategy", "None")
        if strategy != "None":
            what = f"{crd['metadata']['name']}: its conversion strategy is {strategy}"
            raise UsageError(f"{what}: name the conversions with --with MODULE:CONVERSIONS")
        return same_schema(crd)
    several = conversions(spec)
    if crd is None:
        if len(several) != 1:
            raise UsageError(f"{spec} has conversions of {len(several)} kinds: give the definition with --crd")
        return several[0]
    for one in several:
        if one.versions.name == crd["metadata"]["name"]:
            return one
    known = ", ".join(one.versions.name for one in several)
    raise UsageError(f"{spec} has conversions of {known}, not of {crd['metadata']['name']} in {crd_source}")


def _print(values: list[Object], output: str) -> None:
    if output == "json":
        for value in values:
            click.echo(json.dumps(value, indent=2))
    elif values:
        import yaml

        click.echo(yaml.safe_dump_all(values, sort_keys=False, allow_unicode=True), nl=False)
