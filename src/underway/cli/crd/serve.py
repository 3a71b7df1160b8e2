"""`underway crd serve`: the webhooks over TLS, until it is told to stop."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from underway.cli.options import emit, output_option
from underway.errors import UsageError

if TYPE_CHECKING:
    from underway.web.serving import Served
    from underway.web.tls import Own


@click.command()
@click.argument("spec", metavar="[MODULE:CONVERSIONS]", default="")
@click.option("--port", default=8443, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 for any free one.")
@click.option("--address", default="0.0.0.0", show_default=True, help="The address to listen on.")  # noqa: S104  a Pod's own
@click.option("--cert", default="", metavar="FILE", help="The certificate, with --key; both are read again when they change.")
@click.option("--key", default="", metavar="FILE", help="The certificate's key.")
@click.option(
    "--host", "hosts", multiple=True, metavar="NAME", help="A name for the self-made certificate (default: the service's)."
)
@click.option("--validate", default="", metavar="MODULE:FUNCTION", help="Judges /validate.")
@click.option("--mutate", default="", metavar="MODULE:FUNCTION", help="Judges /mutate.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that share the port.")
@output_option
def command(
    spec: str,
    port: int,
    address: str,
    cert: str,
    key: str,
    hosts: tuple[str, ...],
    validate: str,
    mutate: str,
    workers: int,
    output: str,
) -> None:
    """Serve conversion and admission webhooks.

    /convert answers ConversionReview v1 and v1beta1, /validate and /mutate AdmissionReview v1; /readyz, /healthz and /metrics
    are for the kubelet and Prometheus. Without --cert and --key a certificate is made by an authority of its own, and made
    anew in time; the authority's file is named at the start. MODULE is an importable module or the path of a .py file.

    Example: underway crd serve conversions.py:CONVERSIONS --port 8443
    """
    from underway.web import serving
    from underway.web.tls import Files

    if not (spec or validate or mutate):
        raise UsageError("name what to serve: MODULE:CONVERSIONS, --validate or --mutate MODULE:FUNCTION")
    if bool(cert) != bool(key):
        raise UsageError("--cert and --key go together")
    with tempfile.TemporaryDirectory(prefix="underway-tls-") as directory:
        folder = Path(directory)
        own = None if cert else _own(folder, spec, hosts)
        files = own.files if own else Files(Path(cert), Path(key))
        files.check(datetime.now(UTC))
        served = serving.Served(spec, validate, mutate, str(files.certificate), str(files.key))
        served.application()
        sockets = serving.listeners(address, port, workers)
        ready = Ready(served, sockets[0].getsockname()[1], str(folder / "ca.crt") if own else "", output)
        serving.serve(served, sockets, own=own, warn=warn, started=ready.tell)


class Ready:
    """What is said when the workers run."""

    def __init__(self, served: "Served", port: int, authority: str, output: str) -> None:
        self._served, self._port, self._authority, self._output = served, port, authority, output

    def tell(self) -> None:
        """Print it."""
        served = self._served
        names = ("convert", served.conversions), ("validate", served.validate), ("mutate", served.mutate)
        paths = [f"/{name}" for name, spec in names if spec]
        url = f"https://localhost:{self._port}"
        value = {"port": self._port, "url": url, "paths": paths, "authority": self._authority}
        if self._output == "json":
            # One line, for whoever waits for it.
            import json

            click.echo(json.dumps(value))
            return
        emit(value, self._output, lambda: _text(url, paths, self._authority))


def _text(url: str, paths: list[str], authority: str) -> None:
    for path in paths:
        click.echo(f"serving {url}{path}")
    if authority:
        click.echo(f"its authority, for the caBundle, is in {authority}")


def warn(text: str) -> None:
    """Say what happened to the server; workers call it too."""
    click.echo(f"underway: {text}", err=True)


def _own(folder: Path, spec: str, hosts: tuple[str, ...]) -> "Own":
    """A certificate of our own: for the names given, or for the service that the definitions name."""
    from underway.web.declared import conversions
    from underway.web.tls import Own

    names = list(hosts)
    if not names and spec:
        for one in conversions(spec):
            webhook = ((one.crd.get("spec") or {}).get("conversion") or {}).get("webhook") or {}
            service = (webhook.get("clientConfig") or {}).get("service") or {}
            if service:
                names.append(f"{service.get('name')}.{service.get('namespace')}.svc")
    own = Own(folder, tuple(dict.fromkeys([*names, "localhost"])))
    own.renew(datetime.now(UTC))
    (folder / "ca.crt").write_bytes(own.authority)
    return own
