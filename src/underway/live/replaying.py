"""Sends samples to two data planes at once and hands back what each answered. It judges nothing (`ingress.samples`)."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp

from underway.errors import UsageError
from underway.ingress.samples import Answered, Different, Sample, difference

BODY_BYTES_MAX = 1024 * 1024


def address_of(text: str, option: str) -> str:
    """A data plane's address. Raises UsageError."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise UsageError(f"{option} {text}: write http://ADDRESS:PORT of the data plane")
    return text.rstrip("/")


async def replay(
    samples: list[Sample], old: str, new: str, backend_header: str, at_once: int, progress: Callable[[int], None]
) -> list[Different]:
    """Every sample to both; the differences, in the order of the samples. backend_header: in which backends name themselves."""
    gate = asyncio.Semaphore(at_once)
    timeout = aiohttp.ClientTimeout(total=30)
    done = 0
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def both(sample: Sample) -> Different | None:
            nonlocal done
            async with gate:
                answers = await asyncio.gather(*(_ask(session, address, sample, backend_header) for address in (old, new)))
            done += 1
            progress(done)
            return difference(sample, *answers)

        found = await asyncio.gather(*(both(sample) for sample in samples))
    return [one for one in found if one is not None]


async def _ask(session: aiohttp.ClientSession, address: str, sample: Sample, backend_header: str) -> Answered:
    from yarl import URL

    url = URL(address + sample.target, encoded=True)
    headers = {"Host": sample.host} if sample.host else {}
    try:
        # A certificate is for the host, not for the address; whether it is the right one is the proof's to say.
        async with session.request(sample.method, url, headers=headers, allow_redirects=False, ssl=False) as response:
            await response.content.read(BODY_BYTES_MAX)
            found = tuple((name, value) for name, value in response.headers.items())
            return Answered(response.status, found, response.headers.get(backend_header, ""))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return Answered(0, error=str(error) or type(error).__name__)
