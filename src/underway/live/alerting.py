"""Delivers alerts through apprise: `ports.Notify` for chats, mail, pagers, webhooks.

Owns where each destination leads: a file of a directory (a Secret mounted into our pod) or an environment variable, read anew
for each message and forgotten with it. An entry is a credential: nothing of it is kept, logged or part of an answer. What a
library says about a failure is therefore never passed on; only the service's name and an HTTP status are (docs/adr/0010).
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from underway.background import Background
from underway.errors import UnderwayError
from underway.rotate.effects import Delivered, Notice

Deliver = Callable[[Delivered], None]
VARIABLE = "UNDERWAY_ALERT_"
ENTRY_BYTES_MAX = 16 * 1024
URLS_MAX = 16
TIMEOUT_S = 20.0  # below the 30 s after which a message counts as lost (rotate.alerts.telling)
AT_ONCE = 4
_HTTP_STATUS = re.compile(r"\berror=([1-5][0-9]{2})\b")


class NoDestination(UnderwayError):
    """A destination that leads nowhere; the message says why, without a word of its entry."""


def variable_of(name: str) -> str:
    """The environment variable of a destination: "ops-chat" is UNDERWAY_ALERT_OPS_CHAT."""
    return VARIABLE + re.sub(r"[^A-Z0-9]", "_", name.upper())


class Destinations:
    """directory: of files named after destinations, "" for none; environment: what else may hold them."""

    def __init__(self, directory: str, environment: Mapping[str, str]) -> None:
        self._directory = Path(directory) if directory else None
        self._environment = environment

    def missing(self, names: Iterable[str]) -> list[str]:
        """Why destinations lead nowhere, a sentence each."""
        problems = []
        for name in names:
            try:
                self.urls(name)
            except NoDestination as error:
                problems.append(str(error))
        return problems

    def urls(self, name: str) -> tuple[str, ...]:
        """The URLs of a destination, one a line. Raises NoDestination."""
        text = self._text(name)
        lines = [line.strip() for line in text.splitlines()]
        urls = tuple(line for line in lines if line and not line.startswith("#"))
        if not urls:
            raise NoDestination(f"entry {name} is empty; it holds the URLs of services, one a line")
        if len(urls) > URLS_MAX:
            raise NoDestination(f"entry {name} has {len(urls)} URLs, {URLS_MAX} are the most")
        return urls

    def _text(self, name: str) -> str:
        if self._directory is not None:
            try:
                with (self._directory / name).open("rb") as file:
                    data = file.read(ENTRY_BYTES_MAX + 1)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise NoDestination(f"entry {name} cannot be read: {error.strerror}") from None
            else:
                if len(data) > ENTRY_BYTES_MAX:
                    raise NoDestination(f"entry {name} is larger than {ENTRY_BYTES_MAX} bytes")
                return data.decode(errors="replace")
        if variable_of(name) in self._environment:
            return self._environment[variable_of(name)]
        where = "the Secret with alerts" if self._directory is not None else f"the environment ({variable_of(name)})"
        raise NoDestination(f"there is no entry {name} in {where}")


class Alerting:
    """cluster: its name, which goes before each title; "" for none."""

    def __init__(self, destinations: Destinations, cluster: str = "") -> None:
        self._destinations = destinations
        self._cluster = cluster
        self._free = asyncio.Semaphore(AT_ONCE)
        self._background = Background()

    def send(self, notice: Notice, deliver: Deliver) -> None:
        """Tell them in the background, and deliver exactly one answer."""
        self._background.start(self._send(notice, deliver))

    async def close(self) -> None:
        """Give up what is still under way."""
        await self._background.close()

    async def _send(self, notice: Notice, deliver: Deliver) -> None:
        async with self._free:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    error = await asyncio.to_thread(self._told, notice)
            except TimeoutError:
                error = f"no answer within {TIMEOUT_S:g} s"
        deliver(Delivered(request=notice, error=error))

    def _told(self, notice: Notice) -> str:
        """Tell every service of the destination; why one was not told, or "". Runs in a thread: apprise blocks."""
        try:
            import apprise
        except ModuleNotFoundError:
            return "apprise is not installed; install underway[alerts]"
        try:
            urls = self._destinations.urls(notice.destination)
        except NoDestination as error:
            return str(error)
        _hush()
        title = f"{self._cluster} {notice.title}" if self._cluster else notice.title
        errors = []
        for number, url in enumerate(urls, start=1):
            services = apprise.Apprise()
            try:
                if not services.add(url):
                    errors.append(f"URL {number} of entry {notice.destination} is none that apprise {apprise.__version__} knows")
                    continue
                result = services.notify(title=title, body=notice.body, notify_type=notice.severity)
            except Exception as error:  # noqa: BLE001 - a hundred plugins by as many authors: one that breaks must not end us
                errors.append(f"the service of URL {number} of entry {notice.destination} broke: {type(error).__name__}")
                continue
            if not result:
                errors.append(f"{_services(services)} did not take it{_status(result)}")
        return "; ".join(errors)


def _services(services: Iterable[Any]) -> str:
    """What a person calls them: a name of apprise's own, nothing of their URLs."""
    return " and ".join(str(type(service).service_name) for service in services)


def _status(result: Any) -> str:
    """The HTTP status in what apprise has to say, and nothing else of it."""
    logs = result.logs() if hasattr(result, "logs") else ()
    found = [match.group(1) for entry in logs if (match := _HTTP_STATUS.search(entry.message))]
    return f" (HTTP {found[-1]})" if found else ""


def _hush() -> None:
    """Keep libraries from logging: what they say of a failure holds hosts, paths and tokens."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
