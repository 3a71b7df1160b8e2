"""Each Rotation has its own provider, and none may have the operator run or read what it likes."""

from typing import Any

from underway.errors import UsageError
from underway.machines.workshop import Workshop
from underway.rotate.effects import ListMachines, MachineReply
from underway.rotate.spec import Machines


class Recorder:
    """A provider that answers with its own specification."""

    def __init__(self, spec: Machines) -> None:
        if spec.region == "nowhere":
            raise UsageError("spec.machines.region: nowhere")
        self.spec = spec
        self.closed = False

    def send(self, request: Any, deliver: Any) -> None:
        deliver(MachineReply(request=request, error=f"from {self.spec.groups}"))

    async def close(self) -> None:
        self.closed = True


def answer(spec: Machines | None, commands: tuple[str, ...] = ()) -> MachineReply:
    replies: list[MachineReply] = []
    providers: Any = {"AutoScalingGroup": lambda spec, _: Recorder(spec), "Command": lambda spec, _: Recorder(spec)}
    no_api: Any = None
    Workshop(lambda _: spec, providers, no_api, commands).send(ListMachines(id=1), replies.append)
    (reply,) = replies
    return reply


def test_a_request_goes_to_the_provider_of_its_own_rotation() -> None:
    assert answer(Machines(provider="AutoScalingGroup", groups=("a",))).error == "from ('a',)"


def test_a_command_is_run_only_if_the_operator_was_told_so() -> None:
    reply = answer(Machines(provider="Command", command=("/bin/sh", "-c", "cat /var/run/secrets")))
    assert (reply.retryable, "start the operator with --allow-command /bin/sh" in reply.error) == (False, True)
    assert answer(Machines(provider="Command", command=("/opt/machines",)), ("/opt/machines",)).error == "from ()"


def test_no_file_is_read_that_a_rotation_names() -> None:
    reply = answer(Machines(provider="AutoScalingGroup", kubeconfig="/etc/passwd"))
    assert "the operator reads no file that a Rotation names" in reply.error


def test_a_provider_that_cannot_be_had_is_a_reply() -> None:
    assert answer(Machines(provider="AutoScalingGroup", region="nowhere")).error == "spec.machines.region: nowhere"
    assert "not in hand" in answer(None).error
