"""What `prune`, `default` and `validate` share: a definition, the objects, and the version that each is read in."""

from collections.abc import Iterator
from typing import Any

import click

from underway.cli.crd.documents import Object, definition, documents, named, objects
from underway.cli.options import F
from underway.errors import UsageError


def subject_options(function: F) -> F:
    """--crd, --version and -f."""
    function = click.option(
        "-f", "--file", "source", required=True, metavar="FILE", help="Objects and lists; - for standard input."
    )(function)
    function = click.option(
        "--version", "version", default="", metavar="VERSION", help="Read as this version (default: the object's own)."
    )(function)
    return click.option("--crd", "crd_source", required=True, metavar="FILE", help="The CustomResourceDefinition.")(function)


def read_definition(source: str) -> Any:
    """The definition in a file, which has to be a good one. Raises UsageError."""
    from underway.crd.definition import definition_of
    from underway.crd.definition_checks import problems

    values = definition(source)
    found = problems(values)
    if found:
        more = f" (and {len(found) - 1} more: underway crd check -f {source})" if len(found) > 1 else ""
        raise UsageError(f"{source}: {named(values)} is no definition that the API server takes: {found[0]}{more}")
    return definition_of(values)


def subjects(crd: Any, version: str, source: str) -> Iterator[tuple[Object, Any]]:
    """The objects in a file, each with the version to read it in. Raises UsageError."""
    for value in objects(documents(source)):
        wanted = crd.versions.get(version) if version else crd.version_of(value)
        if wanted is None and version:
            raise UsageError(f"{source}: {crd.kind} has no version {version}; it has {', '.join(crd.versions)}")
        if wanted is None:
            served = ", ".join(f"{crd.group}/{name}" for name in crd.versions)
            said = f"apiVersion {value.get('apiVersion')!r}, kind {value.get('kind')!r}"
            raise UsageError(f"{source}: {named(value)} says {said}; the definition is of {crd.kind} in {served}")
        yield value, wanted


def print_objects(values: list[Object], output: str) -> None:
    """As JSON, one after the other (a single one alone), or as YAML documents."""
    import json

    if output == "json":
        for value in values:
            click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        return
    import yaml

    click.echo(yaml.safe_dump_all(values, sort_keys=False, allow_unicode=True), nl=False)
