"""What the driver asks of a machine provider, as values, and what comes back.

Four verbs, each safe to repeat: provision by key, terminate by node, list, read quotas. `underway.ports.Machines` performs them;
`underway.machines` holds the providers. A key names one replacement for ever: asking twice yields the same machine.
"""

from typing import Literal

import msgspec

from underway.model.drain_rule import DrainRule

MachineState = Literal["Pending", "Running", "Terminating", "Gone", "Failed"]


class Machine(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One machine, as its provider sees it.

    key: the replacement it was provisioned for, "" for machines that were there before. node: the name of its Node, ""
    while unknown; the driver also finds the Node whose spec.providerID is provider_id. reason: one sentence where the
    state is Failed, or Pending for want of capacity or quota. drifted: why its provider would make it otherwise now, "" if it
    would not or was not asked. hold: why it may not be replaced now, ""; protected: the object of its provider that asks for it
    not to be disrupted, "". again: whether it is lost and has to be asked for again. drain_rules: None for machines of which no
    such rule can speak.
    """

    key: str = ""
    node: str = ""
    provider_id: str = ""
    state: MachineState = "Pending"
    reason: str = ""
    drifted: str = ""
    hold: str = ""
    protected: str = ""
    again: bool = False
    drain_rules: tuple[DrainRule, ...] | None = None


class Provision(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="Provision", tag_field="action"):
    """Make one machine for `key`, like the node it replaces, of the version wanted.

    replaces: the node's name; replaces_provider_id: its spec.providerID, "" if it has none.
    """

    id: int
    key: str
    replaces: str
    replaces_provider_id: str = msgspec.field(name="replacesProviderId", default="")
    zone: str = ""
    labels: dict[str, str] = {}
    kubelet_version: str = ""


class Terminate(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="Terminate", tag_field="action"):
    """End the machine of one node, or, where it never became a node, of one key. Already gone is a success."""

    id: int
    node: str = ""
    key: str = ""
    provider_id: str = ""


class ListMachines(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="ListMachines", tag_field="action"):
    """Say which machines there are, also those that have no Node yet and those that end. drift: and which have drifted."""

    id: int
    drift: bool = False


class ReadQuotas(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="ReadQuotas", tag_field="action"):
    """Say how much is left of what machines take: instances, vCPUs, addresses. A provider may know of none."""

    id: int


class Quota(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A limit of the provider's, in a unit of its own. needs: how much of it one more machine takes."""

    name: str
    used: float
    limit: float
    needs: float = 1


MachineRequest = Provision | Terminate | ListMachines | ReadQuotas


class MachineReply(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer. error: "" on success, else one sentence; retryable: whether asking again later can help."""

    request: MachineRequest
    machines: tuple[Machine, ...] = ()
    quotas: tuple[Quota, ...] = ()
    error: str = ""
    retryable: bool = True


class Question(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a health gate wants to know from outside of the cluster.

    kind: http (is asked with GET), prometheus (an instant query of query at url) or command (is run). timeout_s: of the answer.
    """

    kind: Literal["http", "prometheus", "command"]
    url: str = ""
    query: str = ""
    command: tuple[str, ...] = ()
    timeout_s: float = 10.0


class Ask(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="Ask", tag_field="action"):
    """Ask a question for the gate at `gate` in spec.health; part: which of its questions."""

    id: int
    gate: int
    part: int
    question: Question


class Notice(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="Notice", tag_field="action"):
    """Tell people something. destination: the name of an entry of the alerts' Secret, which only who delivers looks into."""

    id: int
    destination: str
    title: str
    body: str
    severity: Literal["info", "success", "warning", "failure"] = "info"


class Delivered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a Notice. error: "" if it arrived, else one sentence, in which nothing of the destination's entry stands."""

    request: Notice
    error: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came back. code: the HTTP status or exit code; values: the samples of a query; text: a line for people.

    error: why there is no answer, "" where there is one.
    """

    request: Ask
    code: int = 0
    values: tuple[float, ...] = ()
    text: str = ""
    elapsed_ms: int = 0
    error: str = ""
