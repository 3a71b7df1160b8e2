"""Asks the API server whether it would let pods go: evictions in a dry run, which change nothing.

Owns the requests and what becomes of answers that prove nothing. Every request says dryRun twice, in its query and in its body,
and names the pod's UID. Which pods are asked about is `lint.trials`'s to say.
"""

import asyncio
import itertools
from collections.abc import Mapping, Sequence

from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.kube.resource import EVICTION_API_VERSION, PODS
from underway.lint.objects.pod import Pod
from underway.lint.picture import Skipped
from underway.lint.trials import Trial
from underway.live.inventory import AT_ONCE, Fetches

BYTES_MAX = 1024 * 1024
SEVERAL = "more than one PodDisruptionBudget"
Trials = Mapping[tuple[str, str, str], Trial]


def trial_of(request_id: int, pod: Pod) -> Request:
    """The eviction of one pod, that very one, as a dry run."""
    body = {
        "apiVersion": EVICTION_API_VERSION,
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": pod.namespace},
        "deleteOptions": {"dryRun": ["All"], "preconditions": {"uid": pod.metadata.uid}},
    }
    return Request(
        id=request_id,
        verb="create",
        resource=PODS,
        namespace=pod.namespace,
        name=pod.name,
        subresource="eviction",
        query=(("dryRun", "All"),),
        body=body,
    )


async def tried(api: Fetches, pods: Sequence[Pod]) -> tuple[Trials, tuple[Skipped, ...]]:
    """What the API server says of each pod; where it may not be asked, or answers otherwise, why not."""
    ids, turns = itertools.count(1), asyncio.Semaphore(AT_ONCE)

    async def ask(pod: Pod) -> Reply:
        async with turns:
            return await api.fetch(trial_of(next(ids), pod), BYTES_MAX)

    replies = await asyncio.gather(*(ask(pod) for pod in pods))
    found: dict[tuple[str, str, str], Trial] = {}
    skipped: dict[str, Skipped] = {}
    for pod, reply in zip(pods, replies, strict=True):
        trial = _meaning(pod, reply)
        if trial is not None:
            found[pod.key] = trial
        elif reply.code in (401, 403):
            why = f"needs the verb create on pods/eviction in namespace {pod.namespace}: {reply.message}"
            skipped.setdefault(pod.namespace, Skipped("Eviction", why))
        elif reply.code != 404:  # a pod that is gone meanwhile holds nothing up
            why = f"a dry run of evicting {pod.namespace}/{pod.name} proved nothing: {reply.message or f'HTTP {reply.code}'}"
            skipped.setdefault(pod.name, Skipped("Eviction", why))
    return found, tuple(skipped.values())


def _meaning(pod: Pod, reply: Reply) -> Trial | None:
    """What an answer proves, None for nothing: a server that is too busy answers 429 as well."""
    if reply.ok:
        return Trial(pod.name, refused=False)
    details = reply.status.details if reply.status is not None else None
    causes = [cause.message for cause in details.causes if cause.reason == "DisruptionBudget"] if details is not None else []
    if reply.code == 429 and causes:
        return Trial(pod.name, refused=True, why=causes[0].rstrip("."))
    if reply.code == 500 and SEVERAL in reply.message:
        return Trial(pod.name, refused=True, why=reply.message.rstrip("."))
    return None
