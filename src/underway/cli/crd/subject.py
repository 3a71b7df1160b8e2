"""What `prune`, `default` and `validate` share: a definition, the objects, and the version that each is read in."""

import asyncio
import functools
from collections.abc import Callable, Iterator
from typing import Any

import click
import msgspec

from underway.cli.crd.documents import Object, definition, documents, named, objects
from underway.cli.options import cluster_options
from underway.errors import UsageError

CLUSTER = "the cluster"  # how messages call where live objects come from


class Asked(msgspec.Struct, frozen=True):
    """What the command line asked for, as its options say it."""

    crd: str
    version: str
    file: str
    live: str
    namespace: str
    kubeconfig: str
    context: str

    @property
    def source(self) -> str:
        """Where the objects are, for messages."""
        return CLUSTER if self.live else self.file


def subject_options(function: Callable[..., int]) -> Callable[..., int]:
    """--crd, --version, -f, --live and what goes with it; the command gets them as one `Asked`."""

    @functools.wraps(function)
    def gathered(**options: Any) -> int:
        asked = Asked(**{name: options.pop(name) for name in Asked.__struct_fields__})
        if bool(asked.file) == bool(asked.live):
            raise UsageError("give objects with -f FILE, or take them from the cluster with --live CRD-NAME")
        if asked.file and not asked.crd:
            raise UsageError("give the definition of these objects with --crd FILE")
        return function(asked, **options)

    with_cluster = cluster_options(gathered)
    for option in (
        click.option("-n", "--namespace", default="", help="With --live: only the objects of this namespace."),
        click.option("--live", default="", metavar="CRD-NAME", help="All objects of this definition in the cluster."),
        click.option("-f", "--file", "file", default="", metavar="FILE", help="Objects and lists; - for standard input."),
        click.option("--version", default="", metavar="VERSION", help="Read as this version (default: the object's own)."),
        click.option("--crd", default="", metavar="FILE", help="The CustomResourceDefinition (with --live: instead of its own)."),
    ):
        with_cluster = option(with_cluster)
    return with_cluster


def subjects(asked: Asked) -> tuple[Any, list[tuple[Object, Any]]]:
    """The definition, and the objects, each with the version to read it in. Raises UsageError, Refused, Unreachable."""
    if not asked.live:
        crd = compiled(definition(asked.crd), asked.crd)
        return crd, list(versioned(crd, asked.version, asked.file))
    values, found = asyncio.run(_live(asked))
    crd = compiled(definition(asked.crd), asked.crd) if asked.crd else compiled(values, CLUSTER)
    return crd, [(value, _version(crd, asked.version, value, CLUSTER)) for value in found]


async def _live(asked: Asked) -> tuple[Object, list[Object]]:
    from underway.live import customs
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection

    async with HttpApi(connection(asked.kubeconfig, asked.context)) as api:
        await connect(api)
        crd = await customs.definition(api, asked.live)
        served = [str(one["name"]) for one in crd["spec"]["versions"] if one.get("served")]
        stored = [str(one["name"]) for one in crd["spec"]["versions"] if one.get("served") and one.get("storage")]
        version = asked.version or (stored or served or [""])[0]
        return crd, await customs.objects(api, crd, version, asked.namespace)


def compiled(values: Object, source: str) -> Any:
    """A definition, which has to be a good one. Raises UsageError."""
    from underway.crd.definition import definition_of
    from underway.crd.definition_checks import problems

    found = problems(values)
    if found:
        more = f" (and {len(found) - 1} more: underway crd check -f {source})" if len(found) > 1 else ""
        raise UsageError(f"{source}: {named(values)} is no definition that the API server takes: {found[0]}{more}")
    return definition_of(values)


def versioned(crd: Any, version: str, source: str) -> Iterator[tuple[Object, Any]]:
    """The objects in a file, each with the version to read it in. Raises UsageError."""
    from underway.crd.go_values import held

    for value in objects(documents(source)):
        yield held(value), _version(crd, version, value, source)


def _version(crd: Any, version: str, value: Object, source: str) -> Any:
    wanted = crd.versions.get(version) if version else crd.version_of(value)
    if wanted is None and version:
        raise UsageError(f"{source}: {crd.kind} has no version {version}; it has {', '.join(crd.versions)}")
    if wanted is None:
        served = ", ".join(f"{crd.group}/{name}" for name in crd.versions)
        said = f"apiVersion {value.get('apiVersion')!r}, kind {value.get('kind')!r}"
        raise UsageError(f"{source}: {named(value)} says {said}; the definition is of {crd.kind} in {served}")
    return wanted


def print_objects(values: list[Object], output: str) -> None:
    """As JSON, one after the other (a single one alone), or as YAML documents; numbers as the server writes them."""
    import json

    from underway.crd.go_values import written

    if output == "json":
        for value in values:
            click.echo(json.dumps(written(value), indent=2, ensure_ascii=False))
        return
    import yaml

    click.echo(yaml.safe_dump_all([written(value) for value in values], sort_keys=False, allow_unicode=True), nl=False)
