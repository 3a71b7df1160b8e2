"""Provider AutoScalingGroup: EC2 instances in Auto Scaling groups. docs/providers/auto-scaling-group.md.

A successor is launched from the group's own launch template, in the subnet of the zone that is wanted, and attached to the
group once it runs: the zone is exact, the key is a tag and the launch's client token, and load balancers get the new before
they lose the old. The old instance ends through the group, with its lifecycle hooks, and takes its place in the group with it.
Raising the desired size instead would leave the zone to chance. Sources: Auto Scaling user guide, "Attach instances",
"Lifecycle hooks", "Suspend processes", "Instance scale-in protection"; EC2 RunInstances (client tokens).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from underway.errors import UsageError
from underway.machines import aws
from underway.machines.aws import tag_of
from underway.machines.aws_quotas import AwsQuotas
from underway.machines.blocking import Blocking
from underway.machines.launch_templates import Templates, template_of
from underway.machines.refusal import Refusal
from underway.rotate.effects import (
    ListMachines,
    Machine,
    MachineReply,
    MachineRequest,
    MachineState,
    Provision,
    Quota,
    ReadQuotas,
    Terminate,
)
from underway.rotate.spec import Machines as MachinesSpec

STATES: dict[str, MachineState] = {
    "pending": "Pending",
    "running": "Running",
    "stopping": "Failed",
    "stopped": "Failed",
    "shutting-down": "Terminating",
    "terminated": "Gone",
}
# While a zone has its extra machines, the group would move them to another zone and end an instance undrained.
SUSPENDED = "AZRebalance"
SUSPENDED_TAG = "rotation.underway.dev/suspended"
GROUP_OF_OURS = "rotation.underway.dev/group"
REPLACES_TAG = "rotation.underway.dev/replaces"
GROUP_TAG = "aws:autoscaling:groupName"
TOKEN_LENGTH_MAX = 64

Json = dict[str, Any]


class AutoScalingGroup(Blocking):
    """Groups of one region. Raises UsageError where the specification names none."""

    def __init__(self, spec: MachinesSpec) -> None:
        super().__init__()
        if not spec.groups:
            raise UsageError(f"spec.machines.groups: provider {spec.provider} needs the names of the groups, such as [workers-a]")
        self._names = spec.groups
        self._ec2 = aws.client("ec2", spec.region)
        self._scaling = aws.client("autoscaling", spec.region)
        self._account = AwsQuotas(self._ec2, aws.client("service-quotas", spec.region))

    def perform(self, request: MachineRequest) -> MachineReply:
        """Perform a request; see ports.Machines."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            match request:
                case Provision():
                    return self._provision(request)
                case Terminate():
                    return self._terminate(request)
                case ListMachines():
                    return MachineReply(request=request, machines=tuple(self._list(drift=request.drift)))
                case ReadQuotas():
                    return MachineReply(request=request, quotas=tuple(self._quotas()))
        except UsageError as error:
            return MachineReply(request=request, error=str(error), retryable=False)
        except Refusal as refusal:
            return MachineReply(request=request, error=str(refusal), retryable=refusal.retryable)
        except (ClientError, BotoCoreError) as error:
            return aws.refusal(request, error)

    # Reading

    def _groups(self) -> list[Json]:
        """The groups of the specification, in its order. Raises UsageError."""
        found = self._described(self._names)
        missing = [name for name in self._names if name not in found]
        if missing:
            raise UsageError(f"spec.machines.groups: no Auto Scaling group {', '.join(missing)} in this region")
        return [found[name] for name in self._names]

    def _described(self, names: tuple[str, ...]) -> dict[str, Json]:
        pages = self._scaling.get_paginator("describe_auto_scaling_groups").paginate(AutoScalingGroupNames=list(names))
        return {group["AutoScalingGroupName"]: group for page in pages for group in page["AutoScalingGroups"]}

    def _shown(self, group: Json) -> str:
        """A group as its user knows it."""
        return f"Auto Scaling group {group['AutoScalingGroupName']}"

    def _instances(self, **asked: Any) -> list[Json]:
        pages = self._ec2.get_paginator("describe_instances").paginate(**asked)
        return [instance for page in pages for reservation in page["Reservations"] for instance in reservation["Instances"]]

    def _by_key(self, key: str) -> Json | None:
        """The instance of a key; one that has ended is told of only if there is no other."""
        found = self._instances(Filters=[{"Name": f"tag:{aws.KEY_TAG}", "Values": [key]}])
        return min(found, key=lambda instance: instance["State"]["Name"] == "terminated", default=None)

    # Provision

    def _provision(self, request: Provision) -> MachineReply:
        known = self._by_key(request.key)
        if known is not None:
            return MachineReply(request=request, machines=(machine_of(known),))
        group = self._group_for(request)
        template, types = template_of(group)
        if not template:
            raise UsageError(f"{self._shown(group)} has no launch template: give it one")
        subnets = self._subnets(group, request.zone)
        if not subnets:
            raise UsageError(f"{self._shown(group)} has no subnet in zone {request.zone}")
        self._find_room(group)
        self._suspend(group)
        return self._launch(request, group, [(subnet, type_) for type_ in types for subnet in subnets], template)

    def _find_room(self, group: Json) -> None:
        """A machine that could not join its group would be nobody's. Raises Refusal."""
        members = {member["InstanceId"] for member in group["Instances"]}
        name, largest = group["AutoScalingGroupName"], group["MaxSize"]
        ours = self._instances(
            Filters=[
                {"Name": f"tag:{GROUP_OF_OURS}", "Values": [name]},
                {"Name": "instance-state-name", "Values": ["pending", "running"]},
            ]
        )
        joining = sum(1 for instance in ours if instance["InstanceId"] not in members)
        if group["DesiredCapacity"] + joining >= largest:
            why = f"{self._shown(group)} has no room beside its machines: raise its maximum size of {largest} by the surge"
            raise Refusal(f"{why}, or let nodes go first (spec.pace.maxUnavailable)", retryable=True)

    def _launch(self, request: Provision, group: Json, places: list[tuple[str, str]], template: Json) -> MachineReply:
        """Launch in the first place that has capacity. places: (subnet, instance type or "")."""
        from botocore.exceptions import ClientError

        last: ClientError | None = None
        for number, (subnet, type_) in enumerate(places):
            try:
                made = self._ec2.run_instances(
                    ClientToken=f"{request.key}-{number}"[-TOKEN_LENGTH_MAX:],
                    LaunchTemplate=template,
                    SubnetId=subnet,
                    MinCount=1,
                    MaxCount=1,
                    TagSpecifications=[{"ResourceType": "instance", "Tags": tags_for(group, request)}],
                    **({"InstanceType": type_} if type_ else {}),
                )
            except ClientError as error:
                if aws.code_of(error) not in aws.NO_CAPACITY:
                    raise
                last = error
                continue
            return MachineReply(request=request, machines=(machine_of(made["Instances"][0]),))
        if last is None:
            raise ValueError("a launch needs at least one place")
        return aws.refusal(request, last, f"zone {request.zone}" if request.zone else "")

    def _group_for(self, request: Provision) -> Json:
        """The group that a successor joins: that of the instance that it replaces. Raises UsageError."""
        groups = self._groups()
        own = self._own_group(request.replaces_provider_id, groups)
        if own is None and len(groups) > 1:
            raise UsageError(f"node {request.replaces} is in none of the groups {', '.join(self._names)}")
        return own or groups[0]

    def _own_group(self, provider_id: str, groups: list[Json]) -> Json | None:
        """The group that an instance is, or was, in."""
        name = aws.instance_id(provider_id)
        for group in groups:
            if any(member["InstanceId"] == name for member in group["Instances"]):
                return group
        # An instance that has ended keeps its tags for an hour or so.
        old = self._instances(Filters=[{"Name": "instance-id", "Values": [name]}]) if name else []
        was_in = {tag_of(instance, GROUP_TAG) for instance in old}
        return next((group for group in groups if group["AutoScalingGroupName"] in was_in), None)

    def _subnets(self, group: Json, zone: str) -> list[str]:
        """The group's subnets in a zone; "" is any zone."""
        names = [name for name in group.get("VPCZoneIdentifier", "").split(",") if name]
        if not names:
            return []
        found = self._ec2.describe_subnets(SubnetIds=names)["Subnets"]
        return sorted(subnet["SubnetId"] for subnet in found if zone in ("", subnet["AvailabilityZone"]))

    # Terminate

    def _terminate(self, request: Terminate) -> MachineReply:
        name = aws.instance_id(request.provider_id)
        found = self._instances(Filters=[{"Name": "instance-id", "Values": [name]}]) if name else []
        if request.key and not found:
            known = self._by_key(request.key)
            found = [known] if known else []
        if request.node and not name:
            raise UsageError(
                f"node {request.node} has no providerID of AWS ({request.provider_id or 'none'}): is it an instance?"
            )
        for instance in found:
            if STATES[instance["State"]["Name"]] not in ("Terminating", "Gone"):
                self._end(instance["InstanceId"])
        return MachineReply(request=request)

    def _end(self, name: str) -> None:
        """End an instance through its group, so that its lifecycle hooks run, or by itself if it is in none."""
        members = self._scaling.describe_auto_scaling_instances(InstanceIds=[name])["AutoScalingInstances"]
        if not members:
            self._ec2.terminate_instances(InstanceIds=[name])
        elif not members[0]["LifecycleState"].startswith("Terminat"):
            (group,) = self._described((members[0]["AutoScalingGroupName"],)).values()
            if group["DesiredCapacity"] <= group["MinSize"]:
                why = f"{self._shown(group)} may not have fewer machines: lower its minimum size of {group['MinSize']}"
                raise Refusal(f"{why}, or let successors come first (spec.pace.maxSurge)", retryable=True)
            self._scaling.terminate_instance_in_auto_scaling_group(InstanceId=name, ShouldDecrementDesiredCapacity=True)

    # List

    def _list(self, *, drift: bool) -> Iterator[Machine]:
        """All machines; those of ours that run meanwhile join their group. drift: whether to look at templates."""
        groups = self._groups()
        group_of = {member["InstanceId"]: group for group in groups for member in group["Instances"]}
        members = {member["InstanceId"]: member for group in groups for member in group["Instances"]}
        named = {group["AutoScalingGroupName"]: group for group in groups}
        ours = self._instances(Filters=[{"Name": "tag-key", "Values": [aws.KEY_TAG]}])
        others = self._instances(Filters=[{"Name": "instance-id", "Values": sorted(members)}]) if members else []
        templates = Templates(self._ec2)
        busy: set[str] = set()
        for name, instance in sorted({one["InstanceId"]: one for one in (*ours, *others)}.items()):
            wanted = tag_of(instance, GROUP_OF_OURS)
            lifecycle = members.get(name, {}).get("LifecycleState", "")
            group = group_of.get(name) or named.get(wanted)
            why = self._drift(instance, group, templates) if drift and group is not None else ""
            machine = machine_of(instance, lifecycle, drifted=why)
            joins = bool(machine.key) and machine.state == "Running" and name not in members and wanted in named
            if machine.state in ("Pending", "Terminating") or joins:
                busy.add(wanted or tag_of(instance, GROUP_TAG))
            refused = self._join(name, wanted) if joins else ""
            if refused:
                machine = machine_of(instance, lifecycle, drifted=why, refused=refused)
            elif name in members:
                self._protect(instance, members[name], members, named)
            yield machine
        self._resume(groups, busy)

    def _drift(self, instance: Json, group: Json, templates: Templates) -> str:
        """Why an instance is not as its group would make it now, "" if it is."""
        return templates.drift(instance, group)

    def _join(self, name: str, group: str) -> str:
        """Attach an instance of ours to its group; why it could not be, or ""."""
        from botocore.exceptions import ClientError

        try:
            self._scaling.attach_instances(InstanceIds=[name], AutoScalingGroupName=group)
        except ClientError as error:
            return f"it cannot join its group: {aws.told(error)}"
        return ""

    def _protect(self, instance: Json, member: Json, members: Mapping[str, Json], named: Mapping[str, Json]) -> None:
        """Keep a successor, which is empty at first, from scaling policies for as long as its predecessor is there."""
        replaces, group = tag_of(instance, REPLACES_TAG), named.get(tag_of(instance, GROUP_OF_OURS))
        if not replaces or group is None or member["LifecycleState"] != "InService":
            return
        old = members.get(replaces, {}).get("LifecycleState", "Terminated")
        wanted = not old.startswith("Terminat") or bool(group.get("NewInstancesProtectedFromScaleIn"))
        if bool(member.get("ProtectedFromScaleIn")) is not wanted:
            name = group["AutoScalingGroupName"]
            self._scaling.set_instance_protection(
                InstanceIds=[member["InstanceId"]], AutoScalingGroupName=name, ProtectedFromScaleIn=wanted
            )
        if old.startswith("Terminat"):
            self._ec2.delete_tags(Resources=[member["InstanceId"]], Tags=[{"Key": REPLACES_TAG}])

    def _quotas(self) -> Iterator[Quota]:
        """What is left of what the groups' machines take."""
        groups = self._groups()
        for group in groups:
            yield Quota(f"{self._shown(group)}: machines (its maximum size)", group["DesiredCapacity"], group["MaxSize"])
        yield from self._account.quotas(groups)

    # The process that would interfere

    def _suspend(self, group: Json) -> None:
        name = group["AutoScalingGroupName"]
        if any(process["ProcessName"] == SUSPENDED for process in group.get("SuspendedProcesses", ())):
            return  # by us before, or by somebody for good: then it carries no tag of ours and stays so
        tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": SUSPENDED_TAG, "Value": SUSPENDED}
        self._scaling.create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": False}])
        self._scaling.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=[SUSPENDED])

    def _resume(self, groups: list[Json], busy: set[str]) -> None:
        for group in groups:
            name = group["AutoScalingGroupName"]
            if name not in busy and any(tag["Key"] == SUSPENDED_TAG for tag in group.get("Tags", ())):
                self._scaling.resume_processes(AutoScalingGroupName=name, ScalingProcesses=[SUSPENDED])
                self._scaling.delete_tags(Tags=[{"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": SUSPENDED_TAG}])


def tags_for(group: Json, request: Provision) -> list[Json]:
    """The tags of a successor: its key, its group, whom it replaces, and what the group gives its own."""
    own = {aws.KEY_TAG: request.key, GROUP_OF_OURS: group["AutoScalingGroupName"]}
    replaced = aws.instance_id(request.replaces_provider_id)
    if replaced:
        own[REPLACES_TAG] = replaced
    given = {tag["Key"]: tag["Value"] for tag in group.get("Tags", ()) if tag.get("PropagateAtLaunch")}
    given = {key: value for key, value in given.items() if not key.startswith("aws:")}  # AWS' own to give
    return [{"Key": name, "Value": value} for name, value in sorted({**given, **own}.items())]


def machine_of(instance: Json, lifecycle: str = "", *, drifted: str = "", refused: str = "") -> Machine:
    """An instance as a machine.

    lifecycle: its state in its group, "" if it is in none; drifted: why it is out of date; refused: why it could not join.
    """
    state = STATES[instance["State"]["Name"]]
    if lifecycle.startswith("Terminat") and state != "Gone":
        state = "Terminating"
    reason = instance.get("StateReason", {}).get("Message", "") if state in ("Failed", "Gone") else ""
    if state == "Failed":
        reason = reason or f"the instance is {instance['State']['Name']}"
    elif refused:
        state, reason = "Pending", refused
    elif lifecycle.endswith(":Wait"):
        reason = f"a lifecycle hook of its group holds it ({lifecycle})"
    return Machine(
        key=tag_of(instance, aws.KEY_TAG),
        provider_id=aws.provider_id(instance),
        state=state,
        reason=reason,
        drifted=drifted,
    )
