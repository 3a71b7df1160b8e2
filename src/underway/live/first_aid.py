"""What is wrong with a rotation, read for whoever is about to let it go on: Events, pods that are not Ready, their last words.

Owns how much is read: little, and in a few seconds, since an API server in trouble is what people come here with. What is
worth showing is for `rotate.first_aid` and `rotate.unready_pods` to say. Logs are an optional right, and written nowhere.
"""

import asyncio
import itertools
from collections.abc import Iterator

import msgspec

from underway.errors import UsageError
from underway.kube.request import Request
from underway.kube.resource import EVENTS, POD_DISRUPTION_BUDGETS, PODS
from underway.live.freezing import Stand
from underway.live.http import HttpApi
from underway.live.replies import FORBIDDEN
from underway.model.decode import ListMeta
from underway.model.disruption import PodDisruptionBudget
from underway.model.meta import Model
from underway.rotate.first_aid import Finding, findings
from underway.rotate.status import Status
from underway.rotate.unready_pods import NAMESPACES_MAX, Culprit, SeenPod, culprits, subjects

EVENTS_LIMIT = 500
PAGE, PAGES_MAX = 500, 4  # pods of one namespace
PAGE_BYTES_MAX = 32 * 1024 * 1024
LINES_MAX = 10
LOG_BYTES_MAX = 16 * 1024
TIMEOUT_S = 5.0  # of each request: a kubelet that is gone answers never
PLAIN = "*/*"


class PodPage(Model, frozen=True):
    """One page of pods, with what their containers do."""

    metadata: ListMeta = ListMeta()
    items: tuple[SeenPod, ...] = ()


async def first_aid(api: HttpApi, name: str, seen: Stand) -> list[Finding]:
    """What is known to be wrong with a rotation. Raises UsageError, Refused, Unreachable."""
    one = next((rotating for rotating in seen.rotations if rotating.name == name), None)
    if one is None:
        known = ", ".join(rotating.name for rotating in seen.rotations) or "none"
        raise UsageError(f"no rotation {name!r} in this cluster; there are: {known}")
    query = (("fieldSelector", "type=Warning"), ("limit", str(EVENTS_LIMIT)))
    reply = await api.call(Request(id=30, verb="list", resource=EVENTS, query=query))
    events = [event for event in reply.body.items if isinstance(event, dict)] if reply.ok else []
    found = findings(one.status, seen.frozen(name), events)
    if not reply.ok:
        found.append(Finding("event", f"Events cannot be read: {reply.message}"))
    return [*found, *(await _last_words(api, one.status) if one.status is not None else ())]


async def _last_words(api: HttpApi, status: Status) -> list[Finding]:
    """The pods that hold it up because they are not Ready, and the end of their logs."""
    ids = itertools.count(50)
    named = subjects(status)
    spaces = list(dict.fromkeys(namespace for namespace, _ in named))[:NAMESPACES_MAX]
    budgets = await _budgets(api, status, ids)
    read = await asyncio.gather(*(_pods(api, namespace, ids) for namespace in spaces))
    found, more = culprits([pod for pods, _ in read for pod in pods], named, budgets)
    shown = [Finding("pod", problem) for _, problem in read if problem]
    logs = await asyncio.gather(*(_log(api, culprit, ids) for culprit in found))
    for culprit, log in zip(found, logs, strict=True):
        shown.append(Finding("pod", culprit.sentence))
        if log is not None and log not in shown:
            shown.append(log)
    if more:
        shown.append(Finding("pod", f"and {more} more that are not Ready"))
    return shown


async def _budgets(api: HttpApi, status: Status, ids: Iterator[int]) -> list[PodDisruptionBudget]:
    """The budgets that block; one that cannot be read only says less."""
    keys = dict.fromkeys(blocker.budget for blocker in status.blockers if blocker.budget)
    found = []
    for key in list(keys)[:NAMESPACES_MAX]:
        namespace, _, name = key.partition("/")
        get = Request(
            id=next(ids), verb="get", resource=POD_DISRUPTION_BUDGETS, namespace=namespace, name=name, timeout_s=TIMEOUT_S
        )
        reply = await api.call(get)
        if reply.ok:
            found.append(reply.body)
    return found


async def _pods(api: HttpApi, namespace: str, ids: Iterator[int]) -> tuple[list[SeenPod], str]:
    """The pods of a namespace, and why not all of them."""
    pods: list[SeenPod] = []
    token = ""
    for _ in range(PAGES_MAX):
        query = (("limit", str(PAGE)), *((("continue", token),) if token else ()))
        asked = Request(id=next(ids), verb="list", resource=PODS, namespace=namespace, query=query, timeout_s=TIMEOUT_S)
        reply = await api.fetch(asked, PAGE_BYTES_MAX)
        if not reply.ok:
            return pods, f"pods of namespace {namespace} cannot be read: {reply.message}"
        try:
            page = msgspec.json.decode(reply.body, type=PodPage)
        except msgspec.DecodeError as error:
            return pods, f"pods of namespace {namespace} cannot be read: {error}"
        pods += page.items
        token = page.metadata.continue_
        if not token:
            return pods, ""
    return pods, f"only the first {len(pods)} pods of namespace {namespace} were looked at"


async def _log(api: HttpApi, culprit: Culprit, ids: Iterator[int]) -> Finding | None:
    """The end of a container's log, or why it cannot be had; None where there is none."""
    if not culprit.container:
        return None
    where = f"log of pod {culprit.namespace}/{culprit.name}, container {culprit.container}"
    query = [("container", culprit.container), ("tailLines", str(LINES_MAX)), ("limitBytes", str(LOG_BYTES_MAX))]
    asked = Request(
        id=next(ids),
        verb="get",
        resource=PODS,
        namespace=culprit.namespace,
        name=culprit.name,
        subresource="log",
        query=(*query, *((("previous", "true"),) if culprit.previous else ())),
        timeout_s=TIMEOUT_S,
        accept=PLAIN,
    )
    reply = await api.fetch(asked, 2 * LOG_BYTES_MAX)
    if reply.code in FORBIDDEN:
        # One sentence, whatever pod it is about: the right is missing for all of them.
        return Finding("log", "logs are not shown: who asks may not get pods/log")
    if not reply.ok:
        return Finding("log", f"{where} cannot be read: {reply.message}")
    lines = tuple(reply.body.decode(errors="replace").splitlines()[-LINES_MAX:])
    run = " (the run before this one)" if culprit.previous else ""
    return Finding("log", f"{where}{run}: {'the last lines' if lines else 'it says nothing'}", lines=lines)
