"""`underway crd serve`: the webhooks over TLS, until it is told to stop."""

import asyncio
import socket
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underway.cli.options import cluster_options, emit, output_option, read_bytes
from underway.errors import UsageError

if TYPE_CHECKING:
    from underway.crd.review import Bad
    from underway.web.serving import Served
    from underway.web.tls import Own

KEEP_AGAIN = timedelta(minutes=1)  # somebody else may write the definition: kubectl apply without a caBundle leaves ours
TRY_AGAIN = timedelta(seconds=5)


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
@click.option("--ca-bundle", is_flag=True, help="Keep the caBundle of the definitions at the authority, by server-side apply.")
@click.option("--ca", default="", metavar="FILE", help="The authority of --cert, for --ca-bundle.")
@click.option("--events", is_flag=True, help="Write an Event about each object that cannot be converted.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that share the port.")
@cluster_options
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
    ca_bundle: bool,
    ca: str,
    events: bool,
    workers: int,
    kubeconfig: str,
    context: str,
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
    if ca_bundle and not (spec and (ca or not cert)):
        raise UsageError("--ca-bundle needs conversions, and with --cert the authority's --ca FILE")
    with tempfile.TemporaryDirectory(prefix="underway-tls-") as directory:
        folder = Path(directory)
        own = None if cert else _own(folder, spec, hosts)
        files = own.files if own else Files(Path(cert), Path(key))
        files.check(datetime.now(UTC))
        served = serving.Served(spec, validate, mutate, str(files.certificate), str(files.key))
        served.application()
        sockets = serving.listeners(address, port, workers)
        ready = Ready(served, sockets[0].getsockname()[1], str(folder / "ca.crt") if own else "", output)
        trust = Trust(spec, read_bytes(ca) if ca else own.authority if own else b"", kubeconfig, context) if ca_bundle else None
        reporter = Reporter(kubeconfig, context) if events else None

        def tick(now: datetime, bad: "list[Bad]") -> None:
            if trust is not None:
                trust.keep(now)
            if reporter is not None:
                reporter.report(bad, now)

        serving.serve(served, sockets, own=own, warn=warn, started=ready.tell, tick=tick)


class Trust:
    """Keeps the definitions' caBundle, now and then."""

    def __init__(self, spec: str, authority: bytes, kubeconfig: str, context: str) -> None:
        from underway.live.kubeconfig import connection
        from underway.web.declared import conversions

        self._names = [one.versions.name for one in conversions(spec)]
        self._authority = authority
        self._connection = connection(kubeconfig, context)
        self._due = datetime.min.replace(tzinfo=UTC)
        self._said: list[str] = []

    def keep(self, now: datetime) -> None:
        """See to it, if it is time again; what cannot be done is said once."""
        if now < self._due:
            return
        problems = asyncio.run(self._kept())
        self._due = now + (KEEP_AGAIN if not problems else TRY_AGAIN)
        for problem in problems:
            if problem not in self._said:
                warn(problem)
        self._said = problems

    async def _kept(self) -> list[str]:
        from underway.live.ca_bundle import keep
        from underway.live.http import HttpApi

        async with HttpApi(self._connection) as api:
            return await keep(api, self._names, self._authority)


class Reporter:
    """Writes Events about objects that could not be converted, each seldom."""

    def __init__(self, kubeconfig: str, context: str) -> None:
        from underway.live.failure_events import Events
        from underway.live.kubeconfig import connection

        self._connection = connection(kubeconfig, context)
        self._events = Events(socket.gethostname())

    def report(self, bad: list["Bad"], now: datetime) -> None:
        """Write them; what cannot be written is said."""
        due = self._events.due(bad, now)
        if due:
            for problem in asyncio.run(self._written(due)):
                warn(problem)

    async def _written(self, events: list[dict[str, Any]]) -> list[str]:
        from underway.live.failure_events import write
        from underway.live.http import HttpApi

        async with HttpApi(self._connection) as api:
            return await write(api, events)


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
