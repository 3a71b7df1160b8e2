"""Where a picture comes from: manifests, a snapshot file, or the live cluster."""

import asyncio
import sys
from collections.abc import Iterable
from typing import Any

import click
import msgspec

from underway.cli.documents import bytes_of, documents_in, files_of
from underway.cli.options import read_bytes
from underway.errors import UsageError
from underway.lint.decode import from_values
from underway.lint.objects.kinds import WORKLOADS
from underway.lint.objects.meta import Object
from underway.lint.picture import Picture, Place, Skipped, opened
from underway.lint.rule import Rule


def picture_from(
    sources: tuple[str, ...], saved: str, kubeconfig: str, context: str, rules: Iterable[Rule], broken: tuple[Skipped, ...]
) -> Picture:
    """The picture. Raises UsageError, Unreachable or Refused."""
    if sources and saved:
        raise UsageError("-f and --snapshot exclude each other")
    if sources:
        return from_manifests(sources, broken)
    if saved:
        from underway.live.reading import picture_from_file

        return picture_from_file(read_bytes(saved), saved, broken)
    kinds = {kind for rule in rules for kind in rule.kinds} | {"Namespace", "Node"}
    if "Pod" in kinds:
        kinds |= set(WORKLOADS)
    return asyncio.run(_live(kubeconfig, context, kinds, broken))


def from_manifests(sources: tuple[str, ...], broken: tuple[Skipped, ...] = ()) -> Picture:
    """The objects of files. One that cannot be read is skipped, unless nothing else is left. Raises UsageError."""
    objects: list[Object] = []
    places: dict[tuple[str, str, str], Place] = {}
    skipped: list[Skipped] = []
    for source in sources:
        for file in files_of(source):
            try:
                for document, where in documents_in(file, bytes_of(file)):
                    _take(document, where, objects, places, skipped)
            except UsageError as error:
                skipped.append(Skipped("File", str(error)))
    if skipped and not objects:
        raise UsageError("; ".join(one.reason for one in skipped))
    return Picture(objects, skipped=(*broken, *skipped), places=places)


def _take(
    document: Any, where: str, objects: list[Object], places: dict[tuple[str, str, str], Place], skipped: list[Skipped]
) -> None:
    file, _, line = where.rpartition(":")
    if not isinstance(document, dict):
        skipped.append(Skipped("File", f"{where}: holds no object; an object begins with apiVersion and kind"))
        return
    for values in opened(document):
        try:
            thing = from_values(values)
        except msgspec.ValidationError as error:
            skipped.append(Skipped("File", f"{where}: {values.get('kind') or 'object'} cannot be read: {error}"))
            continue
        objects.append(thing)
        places.setdefault(thing.key, Place(file, int(line)))


async def _live(kubeconfig: str, context: str, kinds: set[str], broken: tuple[Skipped, ...]) -> Picture:
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.inventory import inventory
    from underway.live.kubeconfig import connection
    from underway.live.rate import RateLimit

    counts: dict[str, int] = {}

    def progress(kind: str, count: int) -> None:
        counts[kind] = count
        if sys.stderr.isatty():
            click.echo(f"\rread {sum(counts.values())} objects", err=True, nl=False)

    # kubectl's own limits: 50 requests a second, 300 at once. Source: kubectl pkg/cmd/util, NewMatchVersionFlags.
    async with HttpApi(connection(kubeconfig, context), RateLimit(50.0, 300)) as api:
        version = await connect(api)
        read = await inventory(api, kinds, progress=progress)
    click.echo(f"{chr(13) if sys.stderr.isatty() else ''}read {sum(counts.values())} objects from {version}", err=True)
    return Picture(read.objects, skipped=(*broken, *read.skipped), server_version=version)
