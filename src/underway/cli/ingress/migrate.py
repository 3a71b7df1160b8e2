"""`underway ingress migrate`: a class of Ingresses on a live cluster becomes routes, step by step, and back."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from underway.cli.options import cluster_options
from underway.errors import Refused, Unreachable, UsageError

STEPS = ("status", "apply", "compare", "shift", "retire", "undo", "freeze", "resume")
SAMPLES_MAX = 100_000
AT_ONCE = 32
ATTEMPTS = 5  # about a quarter of a minute in all
SHOWN = 20
TOPOLOGIES = ("namespace", "shared", "listenerset")
STANDARD = ("GatewayClass", "Gateway", "ListenerSet", "ReferenceGrant", "HTTPRoute", "GRPCRoute", "TLSRoute", "BackendTLSPolicy")


@click.command(name="migrate")
@click.argument("step", type=click.Choice(STEPS), default="status")
@click.option("--class", "class_name", required=True, metavar="NAME", help="The class of the Ingresses.")
@click.option("--emitter", default="standard", show_default=True, metavar="NAME", help="As of convert.")
@click.option("--topology", type=click.Choice(TOPOLOGIES), default="shared", show_default=True, help="As of convert.")
@click.option("--gateway-api", default="1.6", show_default=True, metavar="1.N", help="As of convert.")
@click.option("--gateway-class", default="", metavar="NAME", help="As of convert.")
@click.option("--gateway", default="gateways/", metavar="NAMESPACE/NAME", help="As of convert.")
@click.option("--accept-losses", is_flag=True, help="apply: go on though something is lost or answered otherwise.")
@click.option(
    "--weight", type=click.IntRange(0, 100), default=None, metavar="N", help="shift: of 100 DNS lookups (external-dns)."
)
@click.option("--old", default="", metavar="URL", help="compare: the old data plane, http://ADDRESS:PORT.")
@click.option("--new", default="", metavar="URL", help="compare: the new data plane.")
@click.option("--samples", default="", metavar="FILE", help="compare: an access log in nginx's combined format.")
@click.option("--host", default="", metavar="NAME", help="compare: the host of requests whose line names none.")
@click.option("--backend-header", default="X-Served-By", show_default=True, metavar="NAME", help="compare: names the backend.")
@cluster_options
@click.pass_context
def command(ctx: click.Context, /, step: str, class_name: str, kubeconfig: str, context: str, **wishes: Any) -> None:
    """Move a class of Ingresses to the Gateway API on a live cluster.

    status shows the steps. apply converts, proves and applies beside the Ingresses; compare replays an access log against both
    data planes; shift says where to send traffic, and with --weight lets external-dns weigh the records; retire takes the
    Ingresses out of their class. Each step may be taken again after a stop; undo takes the last one back, freeze stops the
    migration where it is. State lies on the Ingresses. Exit code 1 if a step is refused.

    Example: underway ingress migrate apply --class nginx --topology listenerset
    """
    ctx.exit(asyncio.run(_run(step, class_name, kubeconfig, context, wishes)))


async def _run(step: str, class_name: str, kubeconfig: str, context: str, wishes: dict[str, Any]) -> int:
    from underway.ingress import migration
    from underway.live.connect import connect
    from underway.live.http import HttpApi
    from underway.live.kubeconfig import connection

    async with HttpApi(connection(kubeconfig, context)) as api:
        await connect(api)
        found = await _listed(api, migration.INGRESSES)
        state = migration.state_of(found, class_name)
        if step == "status":
            _show(state)
            return 0
        if step in ("freeze", "resume"):
            await _send(api, migration.freezing(state, step == "freeze"))
            click.echo(f"class {class_name}: {len(state.ingresses)} Ingresses {'frozen' if step == 'freeze' else 'may go on'}")
            return 0
        if step == "undo":
            return await _undo(api, state)
        wanted = migration.Step({"apply": "Applied", "compare": "Compared", "shift": "Shifted", "retire": "Retired"}[step])
        blocked = migration.may(state, wanted)
        if blocked is not None:
            click.echo(f"blocked  {blocked.reason}", err=True)
            return 1
        take = {"apply": _apply, "compare": _compare, "shift": _shift, "retire": _retire}[step]
        return await take(api, state, wishes)


def _show(state: Any) -> None:
    from underway.ingress import migration

    click.echo(f"class {state.class_name}: {len(state.ingresses)} Ingresses{', frozen' if state.frozen else ''}")
    for line in migration.lines(state):
        click.echo(f"  {line}")


async def _apply(api: Any, state: Any, wishes: dict[str, Any]) -> int:
    """Convert and prove what the cluster has, and apply it if nothing stands against it."""
    from underway.cli.ingress.convert import NOTE, options_of
    from underway.ingress import migration
    from underway.ingress.conversion import convert

    documents = [migration.original(one) for one in state.ingresses]
    for resource in migration.REFERRED:
        listed = await _listed(api, resource, missing_is_empty=True)
        documents += [{"apiVersion": resource.api_version, "kind": resource.kind, **one} for one in listed]
    given = {"provider": "auto", "controller": "", "default_certificate": "", "experimental": False, "open_": False}
    made = convert(documents, options_of(**given, **wishes))
    serious = [loss for loss in made.losses if loss.kind != NOTE]
    for loss in made.losses:
        click.echo(f"{loss.kind}: {loss.object}: {loss.reason}" + (f"; {loss.witness}" if loss.witness else ""), err=True)
    verdict = _verdict(documents, made.objects)
    click.echo(f"{len(state.ingresses)} Ingresses became {len(made.objects)} objects; the judge says {verdict}", err=True)
    if (serious or verdict == "REFUTED") and not wishes["accept_losses"]:
        click.echo("blocked  nothing was applied: mend the Ingresses, or --accept-losses", err=True)
        return 1
    earlier = await _made(api, state.class_name)
    await _send(api, [*migration.applying(state, made.objects), *migration.stale(made.objects, earlier)])
    click.echo(f"class {state.class_name}: applied {len(made.objects)} objects beside {len(state.ingresses)} Ingresses")
    return 0


def _verdict(documents: list[dict[str, Any]], objects: list[dict[str, Any]]) -> str:
    from underway.cli.ingress.judging import router_for
    from underway.ingress.equivalence.proof import prove
    from underway.ingress.objects.manifests import manifests_of

    before = manifests_of((one, "cluster") for one in documents)
    after = manifests_of((one, "converted") for one in objects)
    after.services = before.services
    return str(prove(router_for(before, "auto"), router_for(after, "gateway")).verdict.value)


async def _compare(api: Any, state: Any, wishes: dict[str, Any]) -> int:
    from underway.ingress import migration
    from underway.ingress.samples import samples_of
    from underway.live.replaying import address_of, replay

    for option in ("old", "new", "samples"):
        if not wishes[option]:
            raise UsageError(f"compare wants --{option}; see underway ingress migrate --help")
    old, new = address_of(wishes["old"], "--old"), address_of(wishes["new"], "--new")
    try:
        with Path(wishes["samples"]).open(encoding="utf-8", errors="replace") as log:
            samples, skipped = samples_of(log, wishes["host"], SAMPLES_MAX)
    except OSError as error:
        raise UsageError(f"{wishes['samples']}: cannot be read: {error.strerror}") from None
    if not samples:
        raise UsageError(f"{wishes['samples']}: holds no GET, HEAD or OPTIONS request in nginx's combined format")
    progress = _progress(len(samples)) if sys.stderr.isatty() else lambda _: None
    found = await replay(samples, old, new, wishes["backend_header"], AT_ONCE, progress)
    for one in found[:SHOWN]:
        click.echo(f"differs  {one.sample.method} {one.sample.host}{one.sample.target}: {one.what}: {one.old} / {one.new}")
    click.echo(f"{len(samples)} requests compared, {len(found)} answered otherwise ({skipped} lines skipped)")
    if found:
        return 1
    await _send(api, migration.marking(state, migration.Step.COMPARED))
    return 0


def _progress(total: int) -> Any:
    def tell(done: int) -> None:
        if done % 100 == 0 or done == total:
            click.echo(f"\r{done} of {total}", nl=done == total, err=True)

    return tell


async def _shift(api: Any, state: Any, wishes: dict[str, Any]) -> int:
    """Say where traffic goes from now on. Who owns DNS or the load balancer does it, or external-dns by weights."""
    from underway.ingress import migration
    from underway.kube.resource import Resource

    before = sorted({_address(one) for ingress in state.ingresses for one in _load_balancer(ingress)})
    hosts = sorted({rule.get("host") or "(any host)" for one in state.ingresses for rule in one["spec"].get("rules", [])})
    gateways = await _listed(api, Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway"))
    mine = [one for one in gateways if _label(one) == state.class_name]
    click.echo(f"hosts    {', '.join(hosts)}")
    click.echo(f"from     {', '.join(before) or 'no address in the status of the Ingresses'}")
    for one in mine:
        addresses = [each.get("value", "") for each in (one.get("status") or {}).get("addresses") or []]
        name = f"{one['metadata']['namespace']}/{one['metadata']['name']}"
        click.echo(f"to       {', '.join(addresses) or 'no address yet'}  (Gateway {name})")
    weight = wishes["weight"]
    if weight is None:
        click.echo("Lower the TTL of the records first; then move a tenth, a half, all, and watch the error rate of each.")
        await _send(api, migration.marking(state, migration.Step.SHIFTED))
        return 0
    routes = [one for one in await _made(api, state.class_name) if one["kind"].endswith("Route")]
    await _send(api, migration.shifting(state, routes, weight))
    click.echo(f"weights  {100 - weight} old, {weight} new: external-dns makes weighted records of {len(routes)} routes")
    return 0


def _load_balancer(ingress: dict[str, Any]) -> list[dict[str, Any]]:
    found = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    return list(found)


def _label(one: dict[str, Any]) -> str:
    """The class whose migration made an object."""
    from underway.ingress.migration import CLASS

    return str((one["metadata"].get("labels") or {}).get(CLASS, ""))


def _address(one: dict[str, Any]) -> str:
    return str(one.get("ip") or one.get("hostname") or "")


async def _retire(api: Any, state: Any, _: dict[str, Any]) -> int:
    from underway.ingress import migration

    await _send(api, migration.retiring(state))
    click.echo(f"class {state.class_name}: {len(state.ingresses)} Ingresses are out of their class; undo gives it back")
    return 0


async def _undo(api: Any, state: Any) -> int:
    """Take the last step back. Objects are found by their label, and go with their UID as precondition."""
    from underway.ingress import migration

    if state.furthest is migration.Step.READ:
        click.echo(f"class {state.class_name}: nothing is done that could be undone")
        return 0
    made = await _made(api, state.class_name)
    await _send(api, migration.undoing(state, made))
    first = state.furthest is migration.Step.APPLIED
    partly = state.weight is not None and state.furthest is migration.Step.COMPARED
    what = "the shift" if partly else state.furthest.value
    click.echo(f"class {state.class_name}: {what} is undone" + (f", {len(made)} objects are deleted" if first else ""))
    return 0


async def _made(api: Any, class_name: str) -> list[dict[str, Any]]:
    """The objects that a migration made, by their label."""
    found: dict[str, dict[str, Any]] = {}
    for resource in _kinds():
        listed = await _listed(api, resource, missing_is_empty=True)
        named = ({"apiVersion": resource.api_version, "kind": resource.kind, **one} for one in listed)
        found |= {one["metadata"]["uid"]: one for one in named if _label(one) == class_name}
    return list(found.values())


def _kinds() -> list[Any]:
    """What a conversion may have made: the Gateway API, and the policies of the emitters."""
    from underway.ingress.emitters import EMITTERS
    from underway.ingress.migration import resource_of

    found = [resource_of({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind}) for kind in STANDARD]
    found.append(resource_of({"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant"}))  # before 1.5
    for emitter in EMITTERS:
        named = [*((one.api_version, one.kind) for one in emitter.policies), *emitter.filter_kinds]
        found += [resource_of({"apiVersion": api_version, "kind": kind}) for api_version, kind in named]
    return found


async def _listed(api: Any, resource: Any, missing_is_empty: bool = False) -> list[dict[str, Any]]:
    """All objects of a resource. Raises Refused or Unreachable."""
    from underway.kube.request import Request

    reply = await _call(api, Request(id=0, verb="list", resource=resource))
    if reply.code == 404 and missing_is_empty:
        return []
    _check(reply, f"list {resource.plural}")
    return list(reply.body.items)


async def _send(api: Any, requests: list[Any]) -> None:
    """Send requests one after the other. Raises Refused or Unreachable at the first that fails: all may be sent again."""
    for request in requests:
        reply = await _call(api, request)
        if request.verb == "delete" and reply.code in (404, 409):
            continue  # gone already, or another object of that name
        _check(reply, f"{request.verb} {request.path}")


async def _call(api: Any, request: Any) -> Any:
    """The reply. What an overloaded server does not take now is sent again: every request here is safe to send twice."""
    from random import Random

    from underway.kube.retry import Again, retry

    reply = await api.call(request)
    for attempt in range(1, ATTEMPTS):
        decision = retry(reply, attempt, Random()) if reply.code and not reply.ok else None
        if not isinstance(decision, Again):
            break
        await api.pause(decision.delay_ms)
        reply = await api.call(request)
    return reply


def _check(reply: Any, what: str) -> None:
    if reply.ok:
        return
    if reply.code == 404 and "namespaces" in reply.message:
        raise Refused(f"cannot {what}: {reply.message}; create the namespace, or name another with --gateway NAMESPACE/")
    if reply.code == 404:
        raise Refused(f"cannot {what}: {reply.message}; are the definitions of the Gateway API installed, in that version?")
    if reply.code == 0:
        raise Unreachable(f"cannot {what}: {reply.message}")
    raise Refused(f"cannot {what}: {reply.message}")
