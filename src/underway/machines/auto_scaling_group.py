"""Provider AutoScalingGroup: EC2 instances in Auto Scaling groups. docs/providers/auto-scaling-group.md.

A successor is launched from the group's own launch template, in the subnet of the zone that is wanted, and attached to the
group once it runs: the zone is exact, the key is a tag and the launch's client token, and load balancers get the new before
they lose the old. The old instance ends through the group, with its lifecycle hooks, and takes its place in the group with it.
Raising the desired size instead would leave the zone to chance. Sources: Auto Scaling user guide, "Attach instances",
"Lifecycle hooks", "Suspend processes"; EC2 RunInstances (client tokens).
"""

from collections.abc import Iterator
from typing import Any

from underway.errors import UsageError
from underway.machines import aws
from underway.machines.blocking import Blocking
from underway.rotate.effects import Machine, MachineReply, MachineRequest, MachineState, Provision, Terminate
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
GROUP_TAG = "aws:autoscaling:groupName"
TOKEN_LENGTH_MAX = 64

Json = dict[str, Any]


class AutoScalingGroup(Blocking):
    """Groups of one region. Raises UsageError where the specification names none."""

    def __init__(self, spec: MachinesSpec) -> None:
        super().__init__()
        if not spec.groups:
            raise UsageError("spec.machines.groups: provider AutoScalingGroup needs the names of the groups, such as [workers-a]")
        self._names = spec.groups
        self._ec2 = aws.client("ec2", spec.region)
        self._scaling = aws.client("autoscaling", spec.region)

    def perform(self, request: MachineRequest) -> MachineReply:
        """Perform a request; see ports.Machines."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            match request:
                case Provision():
                    return self._provision(request)
                case Terminate():
                    return self._terminate(request)
                case _:
                    return MachineReply(request=request, machines=tuple(self._list()))
        except UsageError as error:
            return MachineReply(request=request, error=str(error), retryable=False)
        except (ClientError, BotoCoreError) as error:
            return aws.refusal(request, error)

    # Reading

    def _groups(self) -> list[Json]:
        found: list[Json] = self._scaling.describe_auto_scaling_groups(AutoScalingGroupNames=list(self._names))[
            "AutoScalingGroups"
        ]
        missing = sorted(set(self._names) - {group["AutoScalingGroupName"] for group in found})
        if missing:
            raise UsageError(f"spec.machines.groups: no Auto Scaling group {', '.join(missing)} in this region")
        return found

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
            raise UsageError(f"Auto Scaling group {group['AutoScalingGroupName']} has no launch template: give it one")
        subnets = self._subnets(group, request.zone)
        if not subnets:
            raise UsageError(f"Auto Scaling group {group['AutoScalingGroupName']} has no subnet in zone {request.zone}")
        self._suspend(group)
        return self._launch(request, group, [(subnet, type_) for type_ in types for subnet in subnets], template)

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
                    TagSpecifications=[{"ResourceType": "instance", "Tags": tags_for(group, request.key)}],
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
        reply = aws.refusal(request, last)
        return MachineReply(request=request, error=f"{reply.error} (zone {request.zone})")

    def _group_for(self, request: Provision) -> Json:
        """The group that the replaced instance is, or was, in. Raises UsageError."""
        groups = self._groups()
        replaced = aws.instance_id(request.replaces_provider_id)
        for group in groups:
            if any(member["InstanceId"] == replaced for member in group["Instances"]):
                return group
        if len(groups) == 1:
            return groups[0]
        # An instance that has ended keeps its tags for an hour or so.
        old = self._instances(Filters=[{"Name": "instance-id", "Values": [replaced]}]) if replaced else []
        name = next((tag["Value"] for instance in old for tag in instance.get("Tags", ()) if tag["Key"] == GROUP_TAG), "")
        for group in groups:
            if group["AutoScalingGroupName"] == name:
                return group
        raise UsageError(f"node {request.replaces} is in none of the Auto Scaling groups {', '.join(self._names)}")

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
            self._scaling.terminate_instance_in_auto_scaling_group(InstanceId=name, ShouldDecrementDesiredCapacity=True)

    # List

    def _list(self) -> Iterator[Machine]:
        """All machines; those of ours that run meanwhile join their group."""
        groups = self._groups()
        states = {member["InstanceId"]: member["LifecycleState"] for group in groups for member in group["Instances"]}
        ours = self._instances(Filters=[{"Name": "tag-key", "Values": [aws.KEY_TAG]}])
        others = self._instances(Filters=[{"Name": "instance-id", "Values": sorted(states)}]) if states else []
        seen = {instance["InstanceId"]: instance for instance in (*ours, *others)}
        busy: set[str] = set()
        for name, instance in sorted(seen.items()):
            group = tag_of(instance, GROUP_OF_OURS)
            machine = machine_of(instance, states.get(name, ""))
            if machine.key and machine.state == "Running" and name not in states and group in self._names:
                self._scaling.attach_instances(InstanceIds=[name], AutoScalingGroupName=group)
            if machine.state in ("Pending", "Terminating") or (machine.state == "Running" and name not in states):
                busy.add(group or tag_of(instance, GROUP_TAG))
            yield machine
        self._resume(groups, busy)

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


def tag_of(instance: Json, key: str) -> str:
    """A tag's value, "" if the instance does not have it."""
    return next((tag["Value"] for tag in instance.get("Tags", ()) if tag["Key"] == key), "")


def tags_for(group: Json, key: str) -> list[Json]:
    """The tags of a successor: its key, its group, and what the group gives its own."""
    own = {aws.KEY_TAG: key, GROUP_OF_OURS: group["AutoScalingGroupName"]}
    given = {tag["Key"]: tag["Value"] for tag in group.get("Tags", ()) if tag.get("PropagateAtLaunch")}
    return [{"Key": name, "Value": value} for name, value in sorted({**given, **own}.items())]


def template_of(group: Json) -> tuple[Json, list[str]]:
    """The launch template of a group for RunInstances, {} if it has none, and the instance types to try ("": its own)."""
    policy = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    template = policy.get("LaunchTemplateSpecification") or group.get("LaunchTemplate") or {}
    kept = {key: template[key] for key in ("LaunchTemplateId", "Version") if key in template}
    types = [override["InstanceType"] for override in policy.get("Overrides", ()) if "InstanceType" in override]
    return kept, types or [""]


def machine_of(instance: Json, lifecycle: str = "") -> Machine:
    """An instance as a machine. lifecycle: its state in its group, "" if it is in none."""
    state = STATES[instance["State"]["Name"]]
    if lifecycle.startswith("Terminat") and state != "Gone":
        state = "Terminating"
    reason = instance.get("StateReason", {}).get("Message", "") if state in ("Failed", "Gone") else ""
    if state == "Failed":
        reason = reason or f"the instance is {instance['State']['Name']}"
    return Machine(key=tag_of(instance, aws.KEY_TAG), provider_id=aws.provider_id(instance), state=state, reason=reason)
