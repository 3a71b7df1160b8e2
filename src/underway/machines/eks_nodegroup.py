"""Provider EKSNodegroup: managed node groups of one EKS cluster. docs/providers/eks-nodegroup.md.

A managed node group is an Auto Scaling group that EKS keeps. EKS replaces nodes itself when a group is updated, and cannot be
paused; so a group is never updated here. A successor is made in the first group that would make it as it is wanted: the node's
own if that is current already, else a newer one of those that are named. Whatever EKS does to a group meanwhile is waited for.
Sources: EKS user guide, "Managed node groups", "Managed node group update behavior"; EKS API (Nodegroup, Issue, Update).
"""

import time
from collections.abc import Iterator

import msgspec

from underway.errors import UsageError
from underway.machines import aws
from underway.machines.auto_scaling_group import AutoScalingGroup, Json
from underway.machines.launch_templates import Templates
from underway.machines.refusal import Refusal
from underway.model import version
from underway.rotate.effects import Machine, Provision
from underway.rotate.spec import Machines as MachinesSpec

FRESH_S = 15.0  # how long a description of the groups serves listings, which come every second
# Issues that a person has to mend; the others (capacity, addresses, instances that do not join) may pass.
FINAL = frozenset(
    {
        "AccessDenied",
        "AmiIdNotFound",
        "AutoScalingGroupInvalidConfiguration",
        "AutoScalingGroupNotFound",
        "AutoScalingGroupOptInRequired",
        "ClusterUnreachable",
        "Ec2InstanceTypeDoesNotExist",
        "Ec2LaunchTemplateDeletionFailure",
        "Ec2LaunchTemplateInvalidConfiguration",
        "Ec2LaunchTemplateNotFound",
        "Ec2LaunchTemplateVersionMaxLimitExceeded",
        "Ec2LaunchTemplateVersionMismatch",
        "Ec2SecurityGroupNotFound",
        "Ec2SubnetInvalidConfiguration",
        "Ec2SubnetNotFound",
        "IamInstanceProfileNotFound",
        "IamNodeRoleNotFound",
        "SourceEc2LaunchTemplateNotFound",
    }
)
REMEDIES = {
    "AsgInstanceLaunchFailures": "look at the group's scaling activities; a quota or the capacity of a zone is the usual cause",
    "Ec2LaunchTemplateVersionMismatch": "put the version back that EKS set on the Auto Scaling group",
    "InsufficientFreeAddresses": "give the group subnets with free addresses",
    "InstanceLimitExceeded": aws.MORE_QUOTA,
    "NodeCreationFailure": "instances do not join: look at their role, network and user data",
}
ENDING = ("DELETING", "CREATE_FAILED", "DELETE_FAILED")


class EksNodegroup(AutoScalingGroup):
    """Node groups of one cluster. Raises UsageError where the specification lacks the cluster or the groups."""

    def __init__(self, spec: MachinesSpec) -> None:
        super().__init__(spec)
        if not spec.cluster:
            raise UsageError("spec.machines.cluster: provider EKSNodegroup needs the name of the EKS cluster")
        self._cluster = spec.cluster
        self._eks = aws.client("eks", spec.region)
        self._of_eks: dict[str, Json] = {}
        self._asked_s = -FRESH_S

    # Reading

    def _nodegroups(self, *, fresh: bool) -> dict[str, Json]:
        """The node groups by the name of their Auto Scaling group, in the specification's order. Raises UsageError, Refusal."""
        from botocore.exceptions import ClientError

        if fresh or time.monotonic() >= self._asked_s + FRESH_S:
            found: dict[str, Json] = {}
            for name in self._names:
                try:
                    group = self._eks.describe_nodegroup(clusterName=self._cluster, nodegroupName=name)["nodegroup"]
                except ClientError as error:
                    if aws.code_of(error) != "ResourceNotFoundException":
                        raise
                    raise UsageError(f"spec.machines: EKS says: {aws.told(error)}") from None
                for scaling in group.get("resources", {}).get("autoScalingGroups", ()):
                    found[scaling["name"]] = group
            self._of_eks, self._asked_s = found, time.monotonic()
        return self._of_eks

    def _groups(self) -> list[Json]:
        names = tuple(self._nodegroups(fresh=False))
        found = self._described(names) if names else {}
        missing = [self._of_eks[name]["nodegroupName"] for name in names if name not in found]
        if missing or not names:
            which = f" {', '.join(missing)}" if missing else "s"
            raise Refusal(f"node group{which} of cluster {self._cluster}: no Auto Scaling group yet", retryable=True)
        return [found[name] for name in names]

    def _shown(self, group: Json) -> str:
        nodegroup = self._of_eks.get(group["AutoScalingGroupName"])
        return f"node group {nodegroup['nodegroupName']}" if nodegroup else super()._shown(group)

    # Which group a successor joins

    def _group_for(self, request: Provision) -> Json:
        self._nodegroups(fresh=True)
        groups = self._groups()
        own = self._own_group(request.replaces_provider_id, groups)
        # The newest release first, so that no successor is out of date at once; of equals the node's own group.
        ranked = sorted(groups, key=lambda group: (self._release(group), group is own), reverse=True)
        unfit: list[Refusal] = []
        for group in ranked:
            refusal = self._unfit(group, request)
            if refusal is None:
                self._leave_room(own, group)
                return group
            unfit.append(refusal)
        raise Refusal("; ".join(map(str, unfit)), retryable=any(one.retryable for one in unfit))

    def _release(self, group: Json) -> tuple[int, ...]:
        """What sorts the releases of EKS' images, such as 1.37.2-20261101; () for images of one's own."""
        text = str(self._of_eks[group["AutoScalingGroupName"]].get("releaseVersion", ""))
        parts = text.replace("-", ".").split(".")
        return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else ()

    def _unfit(self, group: Json, request: Provision) -> Refusal | None:
        """Why a successor cannot come from a group."""
        nodegroup, shown = self._of_eks[group["AutoScalingGroupName"]], self._shown(group)
        state = nodegroup["status"]
        if state in ENDING:
            return Refusal(f"{shown} is {state}", retryable=False)
        if state in ("CREATING", "UPDATING"):
            what = self._update(nodegroup) if state == "UPDATING" else ""
            return Refusal(f"{shown} is {state}{what}; Underway goes on when EKS has finished", retryable=True)
        final = [issue for issue in issues_of(nodegroup) if issue["code"] in FINAL]
        if final:
            return Refusal(f"{shown}: {said(final[0])}", retryable=False)
        made = made_version(nodegroup)
        if made and request.kubelet_version and not fits(made, request.kubelet_version):
            why = f"{shown} makes nodes of {made}, wanted {request.kubelet_version}"
            remedy = "create a node group of that version and name it in spec.machines.groups"
            return Refusal(f"{why}; {remedy}, since an update of this one is EKS' own rotation", retryable=False)
        if not self._subnets(group, request.zone):
            return Refusal(f"{shown} has no subnet in zone {request.zone}", retryable=False)
        return None

    def _update(self, nodegroup: Json) -> str:
        """What EKS is doing to a node group, in words."""
        name = nodegroup["nodegroupName"]
        known = self._eks.list_updates(name=self._cluster, nodegroupName=name)["updateIds"]
        for update_id in reversed(known):
            update = self._eks.describe_update(name=self._cluster, nodegroupName=name, updateId=update_id)["update"]
            if update.get("status") == "InProgress":
                return f" (update {update_id}, {update.get('type')}: EKS replaces its nodes itself)"
        return ""

    def _leave_room(self, own: Json | None, chosen: Json) -> None:
        """A node whose successor is in another group leaves its own smaller. Raises Refusal."""
        if own is not None and own is not chosen and own["DesiredCapacity"] <= own["MinSize"]:
            why = f"{self._shown(own)} may not have fewer nodes than {own['MinSize']}: lower its minSize"
            raise Refusal(f"{why}, since successors come in {self._shown(chosen)}", retryable=True)

    # Listing

    def _list(self, *, drift: bool) -> Iterator[Machine]:
        for machine in super()._list(drift=drift):
            waits = machine.key and machine.state == "Pending" and not machine.reason
            reason = next((said(issue) for group in self._of_eks.values() for issue in issues_of(group)), "") if waits else ""
            yield msgspec.structs.replace(machine, reason=reason) if reason else machine

    def _drift(self, instance: Json, group: Json, templates: Templates) -> str:
        """The template first; then a group that is behind the newest of those that are named."""
        found = super()._drift(instance, group, templates)
        ours = self._release(group)
        groups = self._groups_by_release()
        newest = max(groups, default=())
        if found or not ours or newest <= ours:
            return found
        newer = groups[newest]["nodegroupName"]
        release = self._of_eks[group["AutoScalingGroupName"]]["releaseVersion"]
        return f"{self._shown(group)} is at release {release}, node group {newer} is newer"

    def _groups_by_release(self) -> dict[tuple[int, ...], Json]:
        return {self._release({"AutoScalingGroupName": name}): group for name, group in self._of_eks.items()}


def issues_of(nodegroup: Json) -> list[Json]:
    """The health issues of a node group."""
    found: list[Json] = nodegroup.get("health", {}).get("issues", [])
    return found


def said(issue: Json) -> str:
    """A health issue in one sentence."""
    code, about = issue.get("code", "unknown"), ", ".join(issue.get("resourceIds", ())[:3])
    text = str(issue.get("message", "")).rstrip(".")
    remedy = f"; {REMEDIES[code]}" if code in REMEDIES else ""
    return f"EKS reports {code}: {text}{f' ({about})' if about else ''}{remedy}"


def made_version(nodegroup: Json) -> str:
    """The kubelet version of the nodes that a group makes: with its patch where the image is one of EKS, "" if unknown."""
    release, _, _ = str(nodegroup.get("releaseVersion", "")).partition("-")
    named = release if release.replace(".", "").isdigit() else nodegroup.get("version", "")
    return f"v{named}" if named else ""


def fits(made: str, wanted: str) -> bool:
    """Whether nodes of a version are what is wanted: the patch counts where both name one. EKS adds "-eks-..." to it."""
    told, asked = version.parse(made), version.parse(wanted)
    patched = made.count(".") > 1 and wanted.count(".") > 1
    return (told.major, told.minor) == (asked.major, asked.minor) and (not patched or told.patch == asked.patch)
