"""Where a picture comes from: manifests, a snapshot file, or the live cluster."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from underway.cli.documents import bytes_of, manifests_in, salvaged
from underway.cli.options import read_bytes
from underway.errors import UsageError
from underway.lint.decode import from_values
from underway.lint.objects.kinds import WORKLOADS
from underway.lint.objects.meta import Object
from underway.lint.picture import Picture, Place, Skipped, opened, strangers
from underway.lint.rule import Rule
from underway.lint.trials import worth_trying

CHART = "this is a Helm chart, whose files are templates: helm template NAME {} | underway lint run -f -"
KUSTOMIZATION = "this is a kustomization, and no object: kustomize build {} | underway lint run -f -"
HINT_BYTES = 64 * 1024  # of a file that cannot be read, in which to look for a template
SNAPSHOT_BYTES_MAX = 2 * 1024 * 1024 * 1024  # 100,000 pods are half of it


class Wanted(msgspec.Struct, frozen=True):
    """What is to be looked at. rules: they say which kinds; only, without: namespaces; try_evictions: ask, in a dry run."""

    sources: tuple[str, ...]
    saved: str
    kubeconfig: str
    context: str
    rules: Sequence[Rule]
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    try_evictions: bool = False

    @property
    def source(self) -> str:
        """For people."""
        return ", ".join(self.sources) or self.saved or self.context or "the cluster"


def kinds_of(rules: Sequence[Rule]) -> set[str]:
    """The kinds that rules need, those that lead from pods to their owners, and those that speak for others."""
    kinds = {kind for rule in rules for kind in (*rule.kinds, *rule.also)} | {"Namespace", "Node"}
    return kinds | {*WORKLOADS, "PodTemplate"} if "Pod" in kinds else kinds


def picture_from(wanted: Wanted, broken: tuple[Skipped, ...] = ()) -> Picture:
    """The picture. broken: what is skipped already. Raises UsageError, Unreachable or Refused."""
    if wanted.sources and wanted.saved:
        raise UsageError("-f and --snapshot exclude each other")
    if wanted.try_evictions and wanted.source != (wanted.context or "the cluster"):
        raise UsageError("--try-evictions asks a live cluster; leave out -f and --snapshot")
    if wanted.sources:
        return from_manifests(wanted, broken)
    if wanted.saved:
        from underway.live.reading import objects_from_file, snapshot_file

        read = objects_from_file(snapshot_file(read_bytes(wanted.saved, SNAPSHOT_BYTES_MAX), wanted.saved), wanted.saved)
        return Picture(
            read.objects,
            skipped=(*broken, *read.skipped),
            server_version=read.server_version,
            only=wanted.only,
            without=wanted.without,
            requested=read.requested,
        )
    import asyncio

    return asyncio.run(_live(wanted, broken))


def from_manifests(wanted: Wanted, broken: tuple[Skipped, ...] = ()) -> Picture:
    """The objects of files. One that cannot be read is skipped, unless nothing else is left. Raises UsageError."""
    objects: list[Object] = []
    places: dict[tuple[str, str, str], Place] = {}
    skipped: list[Skipped] = []
    for source in wanted.sources:
        files, charts = manifests_in(source)
        skipped += [Skipped("File", f"{chart}: {CHART.format(chart)}") for chart in charts]
        for file in files:
            hint = _hint(file)
            for read in _read(file):
                if isinstance(read, UsageError):
                    skipped.append(Skipped("File", f"{read}{hint}"))
                    hint = ""  # once is enough
                else:
                    _take(*read, objects, places, skipped)
    if skipped and not objects:
        raise UsageError("; ".join(one.reason for one in skipped))
    return Picture(objects, skipped=(*broken, *skipped), places=places, only=wanted.only, without=wanted.without)


def _read(file: str) -> Iterator[tuple[Any, str] | UsageError]:
    """The documents of a file, and an error for each that cannot be read, or for the whole file."""
    try:
        data = bytes_of(file)
    except UsageError as error:
        yield error
        return
    yield from salvaged(file, data)


def _take(
    document: Any, where: str, objects: list[Object], places: dict[tuple[str, str, str], Place], skipped: list[Skipped]
) -> None:
    file, _, line = where.rpartition(":")
    if not isinstance(document, dict):
        skipped.append(Skipped("File", f"{where}: holds no object; an object begins with apiVersion and kind"))
        return
    skipped += [Skipped("File", f"{where}: item {index} of the {document['kind']} is no object") for index in strangers(document)]
    for values in opened(document):
        if not (isinstance(values.get("kind"), str) and isinstance(values.get("apiVersion"), str)):
            skipped.append(Skipped("File", f"{where}: {_no_object(file, values)}"))
            continue
        try:
            thing = from_values(values)
        except msgspec.ValidationError as error:
            skipped.append(Skipped("File", f"{where}: {values.get('kind') or 'object'} cannot be read: {error}"))
            continue
        objects.append(thing)
        places.setdefault(thing.key, Place(file, int(line)))


def _hint(file: str) -> str:
    """What to do about a file that is no YAML because it is to become some."""
    if file == "-" or not Path(file).is_file():
        return ""
    with Path(file).open("rb") as text:
        looks_so = b"{{" in text.read(HINT_BYTES)
    return (
        "; it looks like a template: give what it makes, such as helm template NAME CHART | underway lint run -f -"
        if looks_so
        else ""
    )


def _no_object(file: str, values: dict[str, Any]) -> str:
    """What a document is that has neither apiVersion nor kind, as far as its file's name tells."""
    if Path(file).stem == "kustomization" and not values.get("kind"):
        return KUSTOMIZATION.format(Path(file).parent)
    return "holds no object; an object begins with apiVersion and kind"


async def _live(wanted: Wanted, broken: tuple[Skipped, ...]) -> Picture:
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.inventory import inventory
    from underway.live.kubeconfig import connection
    from underway.live.rate import RateLimit
    from underway.live.trials import tried

    counts: dict[str, int] = {}

    def progress(kind: str, count: int) -> None:
        counts[kind] = count
        if sys.stderr.isatty():
            click.echo(f"\rread {sum(counts.values())} objects", err=True, nl=False)

    # kubectl's own limits: 50 requests a second, 300 at once. Source: kubectl pkg/cmd/cmd.go, NewDefaultKubectlCommand.
    async with HttpApi(connection(wanted.kubeconfig, wanted.context), RateLimit(50.0, 300)) as api:
        version = await connect(api)
        read = await inventory(api, kinds_of(wanted.rules), wanted.only, progress=progress)
        click.echo(f"{chr(13) if sys.stderr.isatty() else ''}read {sum(counts.values())} objects from {version}", err=True)

        def picture(skipped: tuple[Skipped, ...] = (), trials: Any = None) -> Picture:
            return Picture(
                read.objects,
                skipped=(*broken, *read.skipped, *skipped),
                server_version=version,
                only=wanted.only,
                without=wanted.without,
                requested=read.requested,
                trials=trials,
            )

        if not wanted.try_evictions:
            return picture()
        trials, skipped = await tried(api, worth_trying(picture()))
        return picture(skipped, trials)
