"""Which minor version an upgrade is asked about."""

from underway.lint.api_lifecycle import NEWEST
from underway.lint.picture import Picture
from underway.lint.rule import Options
from underway.model import version


def minor_of(text: str) -> int:
    """The minor version of "v1.36.2", 0 where there is none."""
    try:
        return version.parse(text).minor
    except ValueError:
        return 0


def target_minor(picture: Picture, options: Options) -> int:
    """The target's minor version: as asked for, or the one after the cluster's, or the newest that is known."""
    if options.target is not None:
        return options.target.minor
    server = minor_of(picture.server_version)
    return server + 1 if server else NEWEST
