"""ingress-nginx: what it really does with Ingresses and its documented annotations.

`servers` makes the picture the controller makes, `rules` turns its locations into rules, each file of `FAMILIES` reads one
family of annotations, `keys` says of every key what becomes of it.
"""

import msgspec

from underway.ingress.ir import Plan
from underway.ingress.losses import Loss
from underway.ingress.providers.annotations import Annotations
from underway.ingress.providers.ingress_nginx import keys
from underway.ingress.providers.ingress_nginx.controller_config import config_of, hsts_of, losses_of, under
from underway.ingress.providers.ingress_nginx.rules import plan_of
from underway.ingress.providers.ingress_nginx.servers import Blocks, blocks_of
from underway.ingress.source import Ingress, Source

PREFIX = "nginx.ingress.kubernetes.io/"
name = "ingress-nginx"
controllers = ("k8s.io/ingress-nginx",)
classes = ("nginx",)
prefixes = (PREFIX,)


def plan(ingresses: list[Ingress], source: Source, class_name: str) -> tuple[Plan, list[Loss]]:
    """The hosts and rules of Ingresses of one class. source: what they refer to."""
    config = config_of(source)
    owns = [Annotations(under(one, config, source, PREFIX), source.config_maps, PREFIX) for one in ingresses]
    blocks = blocks_of(owns)
    blocks.config = config
    made, losses = plan_of(blocks, source, class_name)
    losses = [*blocks.losses, *losses]
    for own in owns:
        keys.say_unconverted(own)
        losses += own.losses
    losses += losses_of(config, tuple(blocks.servers))
    encrypted = [block for _, block in sorted(blocks.servers.items()) if block.certificate is not None]
    losses += hsts_of(config, tuple((block.host, block.first, block.where) for block in encrypted))
    return made, [_for_other_names(loss, blocks) for loss in losses]


def _for_other_names(loss: Loss, blocks: Blocks) -> Loss:
    """What is not as it was on a host is so on its aliases, too."""
    aliases = [alias for host in loss.hosts if host in blocks.servers for alias in blocks.servers[host].aliases]
    return msgspec.structs.replace(loss, hosts=tuple(dict.fromkeys((*loss.hosts, *aliases)))) if aliases else loss


def explain(key: str) -> tuple[str, str] | None:
    """Why a key has no counterpart, and the nearest remedy; None for a key that is not known."""
    return keys.explain(key)
