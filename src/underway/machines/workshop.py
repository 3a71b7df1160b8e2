"""The machines of many Rotations: each request goes to the provider of its own Rotation, made when it is first needed.

Owns which provider serves whom, and what a Rotation that somebody applied may not ask of the process that serves it: to run
any command, or to read any file.
"""

from collections.abc import Callable, Mapping

from underway.errors import UnderwayError
from underway.machines import Provider
from underway.ports import Api
from underway.rotate.effects import MachineReply, MachineRequest
from underway.rotate.spec import Machines as MachinesSpec

Deliver = Callable[[MachineReply], None]
Make = Callable[[MachinesSpec, Api], Provider]


class Workshop:
    """ports.Machines for the operator.

    spec_of: the machines' specification of whoever sent a request, by the request's id; commands: the executables that
    provider Command may run here.
    """

    def __init__(
        self,
        spec_of: Callable[[int], MachinesSpec | None],
        providers: Mapping[str, Make],
        api: Api,
        commands: tuple[str, ...] = (),
    ) -> None:
        self._spec_of = spec_of
        self._providers = providers
        self._api = api
        self._commands = frozenset(commands)
        self._made: dict[MachinesSpec, Provider] = {}

    def send(self, request: MachineRequest, deliver: Deliver) -> None:
        """Hand the request on; a provider that cannot be had is a reply."""
        spec = self._spec_of(request.id)
        refusal = self._refusal(spec)
        if spec is None or refusal:
            deliver(MachineReply(request=request, error=refusal, retryable=False))
            return
        try:
            provider = self._made.get(spec) or self._providers[spec.provider](spec, self._api)
        except UnderwayError as error:
            deliver(MachineReply(request=request, error=str(error), retryable=False))
            return
        self._made[spec] = provider
        provider.send(request, deliver)

    def _refusal(self, spec: MachinesSpec | None) -> str:
        if spec is None:
            return "its Rotation is not in hand any more"
        if spec.kubeconfig:
            return "spec.machines.kubeconfig: names a file of a terminal; the operator reads no file that a Rotation names"
        if spec.provider == "Command" and (not spec.command or spec.command[0] not in self._commands):
            named = spec.command[0] if spec.command else ""
            return (
                f"spec.machines.command: {named!r} may not be run here; start the operator with --allow-command {named or 'PATH'}"
            )
        return ""

    async def close(self) -> None:
        """Close every provider."""
        for provider in self._made.values():
            await provider.close()
