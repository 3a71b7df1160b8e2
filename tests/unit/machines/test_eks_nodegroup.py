"""Provider EKSNodegroup, on AWS in memory; what moto does not know of EKS is answered with shapes that botocore checks."""

import json
from typing import Any

import boto3
import msgspec
import pytest
from botocore.stub import Stubber

from aws_account import REGION, Account, forget
from machines_contract import KEY, ZONE, Contract, ask, listed
from underway.errors import UsageError
from underway.machines import eks_nodegroup
from underway.machines.aws_policies import policy
from underway.machines.eks_nodegroup import EksNodegroup, fits, made_version, said
from underway.rotate.effects import ListMachines, Provision, ReadQuotas, Terminate
from underway.rotate.spec import Machines as MachinesSpec

OLD_RELEASE, RELEASE = "1.36.4-20261002", "1.37.2-20261101"
ROLE = "arn:aws:iam::123456789012:role/nodes"


class Eks(Account):
    """Cluster `prod` with the node group `workers`, which is current."""

    def __init__(self, groups: tuple[str, ...] = ("workers",), release: str = RELEASE, **settings: Any) -> None:
        self.eks = boto3.client("eks", region_name=REGION)
        self.eks.create_cluster(name="prod", roleArn=ROLE, resourcesVpcConfig={})
        self.names = groups
        self.group_name = self.make_nodegroup("workers", release)
        super().__init__(**settings)

    def make_nodegroup(self, name: str, release: str) -> str:
        """A node group; the name of its Auto Scaling group, which moto does not make."""
        made = self.eks.create_nodegroup(
            clusterName="prod",
            nodegroupName=name,
            subnets=[],
            nodeRole=ROLE,
            version=release.rpartition(".")[0],
            releaseVersion=release,
        )["nodegroup"]
        scaling: str = made["resources"]["autoScalingGroups"][0]["name"]
        return scaling

    def made_provider(self) -> Any:
        spec = MachinesSpec(provider="EKSNodegroup", cluster="prod", groups=self.names, region=REGION)
        return EksNodegroup(spec)

    def clients(self) -> list[Any]:
        return [*super().clients(), self.provider._eks]

    def describing(self, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
        """EKS tells of the node group otherwise than moto."""
        asked = self.provider._eks.describe_nodegroup

        def describe(**given: Any) -> Any:
            found = asked(**given)
            return {**found, "nodegroup": {**found["nodegroup"], **changed}}

        monkeypatch.setattr(self.provider._eks, "describe_nodegroup", describe)
        self.provider._asked_s = -eks_nodegroup.FRESH_S


@pytest.fixture
def account(aws: None) -> None:
    forget()


@pytest.fixture
def stage(account: None) -> Eks:
    return Eks()


def request(stage: Eks, zone: str = ZONE, version: str = "v1.37.2-eks-1a2b3c4") -> Provision:
    return Provision(
        id=1, key=KEY, replaces=stage.node, replaces_provider_id=stage.provider_id, zone=zone, kubelet_version=version
    )


@pytest.fixture
def two(account: None) -> Eks:
    """The node's own group is old, and there is a newer one."""
    stage = Eks(groups=("workers", "workers-137"), release=OLD_RELEASE)
    stage.newer = stage.make_nodegroup("workers-137", RELEASE)  # type: ignore[attr-defined]
    stage.make_group(stage.newer, DesiredCapacity=0)  # type: ignore[attr-defined]
    return stage


class TestEksNodegroup(Contract):
    def test_its_policy_grants_what_is_called_and_nothing_more(self, stage: Eks, monkeypatch: pytest.MonkeyPatch) -> None:
        stage.calls.clear()
        ask(stage, request(stage))
        ask(stage, ListMachines(id=2, drift=True))
        listed(stage)
        ask(stage, Terminate(id=3, node=stage.node, provider_id=stage.provider_id))
        listed(stage)
        second = msgspec.structs.replace(request(stage), key="workers-0123abcd-00000b")
        ask(stage, second)
        ask(stage, Terminate(id=4, key=second.key))
        updating(stage, monkeypatch)
        ask(stage, msgspec.structs.replace(second, key="workers-0123abcd-00000c"))
        ask(stage, ReadQuotas(id=5))
        granted = {action for statement in policy("EKSNodegroup")["Statement"] for action in statement["Action"]}
        assert granted - {
            "iam:PassRole",
            "ec2:CreateTags",
            "servicequotas:GetAWSDefaultServiceQuota",
            "ssm:GetParameters",
        } == stage.calls | {
            "eks:ListUpdates",
            "eks:DescribeUpdate",
        }

    def test_a_group_that_eks_is_updating_is_waited_for(self, stage: Eks, monkeypatch: pytest.MonkeyPatch) -> None:
        updating(stage, monkeypatch)
        reply = ask(stage, request(stage))
        assert reply.error == (
            "node group workers is UPDATING (update u-2, VersionUpdate: EKS replaces its nodes itself); "
            "Underway goes on when EKS has finished"
        )
        assert (reply.retryable, stage.count()) == (True, 1)

    @pytest.mark.parametrize("state", ["DELETING", "CREATE_FAILED"])
    def test_a_group_that_ends_is_refused(self, stage: Eks, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
        stage.describing(monkeypatch, status=state)
        reply = ask(stage, request(stage))
        assert (reply.error, reply.retryable) == (f"node group workers is {state}", False)

    def test_a_health_issue_that_a_person_has_to_mend_is_told(self, stage: Eks, monkeypatch: pytest.MonkeyPatch) -> None:
        issue = {
            "code": "Ec2LaunchTemplateVersionMismatch",
            "message": "The launch template version differs.",
            "resourceIds": ["lt-1"],
        }
        stage.describing(monkeypatch, status="DEGRADED", health={"issues": [issue]})
        reply = ask(stage, request(stage))
        assert reply.error == (
            "node group workers: EKS reports Ec2LaunchTemplateVersionMismatch: The launch template version differs (lt-1); "
            "put the version back that EKS set on the Auto Scaling group"
        )
        assert not reply.retryable

    def test_a_health_issue_is_the_reason_of_what_does_not_boot(self, stage: Eks, monkeypatch: pytest.MonkeyPatch) -> None:
        ask(stage, request(stage))
        stage.slow()
        stage.describing(
            monkeypatch, health={"issues": [{"code": "NodeCreationFailure", "message": "Instances failed to join."}]}
        )
        (machine,) = [machine for machine in listed(stage) if machine.key]
        assert machine.reason.startswith("EKS reports NodeCreationFailure: Instances failed to join; instances do not join")

    def test_a_group_that_would_make_the_wrong_version_is_named(self, account: None) -> None:
        stage = Eks(release=OLD_RELEASE)
        reply = ask(stage, request(stage))
        assert reply.error == (
            "node group workers makes nodes of v1.36.4, wanted v1.37.2-eks-1a2b3c4; create a node group of that version and "
            "name it in spec.machines.groups, since an update of this one is EKS' own rotation"
        )
        assert (reply.retryable, stage.count()) == (False, 1)

    def test_the_successor_of_a_node_in_an_old_group_comes_in_the_newer_one(self, two: Any) -> None:
        assert ask(two, request(two)).error == ""
        listed(two)
        ask(two, Terminate(id=2, node=two.node, provider_id=two.provider_id))
        listed(two)
        assert two.group()["DesiredCapacity"] == 0
        assert two.group(two.newer)["DesiredCapacity"] == 1
        assert two.count() == 1

    def test_a_group_behind_the_newest_has_drifted(self, two: Any) -> None:
        (machine,) = ask(two, ListMachines(id=2, drift=True)).machines
        assert machine.drifted == "node group workers is at release 1.36.4-20261002, node group workers-137 is newer"

    def test_an_old_group_that_may_not_shrink_is_told_before_anything_is_launched(self, two: Any) -> None:
        two.scaling.update_auto_scaling_group(AutoScalingGroupName=two.group_name, MinSize=1)
        reply = ask(two, request(two))
        assert reply.error == (
            "node group workers may not have fewer nodes than 1: lower its minSize, since successors come in "
            "node group workers-137"
        )
        assert (reply.retryable, two.count()) == (True, 1)

    def test_a_zone_without_a_subnet_is_named(self, stage: Eks) -> None:
        reply = ask(stage, request(stage, "us-east-1c"))
        assert reply.error == "node group workers has no subnet in zone us-east-1c"

    def test_a_node_group_that_is_not_there_is_named(self, stage: Eks) -> None:
        stage.eks.delete_nodegroup(clusterName="prod", nodegroupName="workers")
        reply = ask(stage, request(stage))
        assert reply.error.startswith("spec.machines: EKS says: ResourceNotFoundException: No node group found for name: workers")
        assert not reply.retryable


def updating(stage: Eks, monkeypatch: pytest.MonkeyPatch) -> None:
    """EKS has two updates of the group, the second of which is under way."""
    stage.describing(monkeypatch, status="UPDATING")
    other = boto3.client("eks", region_name=REGION)
    stub = Stubber(other)
    about = {"name": "prod", "nodegroupName": "workers"}
    stub.add_response("list_updates", {"updateIds": ["u-1", "u-2"]}, about)
    update = {"id": "u-2", "status": "InProgress", "type": "VersionUpdate"}
    stub.add_response("describe_update", {"update": update}, {**about, "updateId": "u-2"})
    stub.activate()
    for name in ("list_updates", "describe_update"):
        monkeypatch.setattr(stage.provider._eks, name, getattr(other, name))


def test_the_cluster_has_to_be_named() -> None:
    with pytest.raises(UsageError, match=r"spec\.machines\.cluster: provider EKSNodegroup needs the name of the EKS cluster"):
        EksNodegroup(MachinesSpec(provider="EKSNodegroup", groups=("workers",), region=REGION))


@pytest.mark.parametrize(
    ("nodegroup", "made"),
    [
        ({"version": "1.37", "releaseVersion": RELEASE}, "v1.37.2"),
        ({"version": "1.37", "releaseVersion": "ami-0123"}, "v1.37"),
        ({}, ""),
    ],
)
def test_what_a_group_makes(nodegroup: Any, made: str) -> None:
    assert made_version(nodegroup) == made


@pytest.mark.parametrize(
    ("made", "wanted", "verdict"),
    [
        ("v1.37.2", "v1.37.2-eks-1a2b3c4", True),
        ("v1.37.1", "v1.37.2", False),
        ("v1.37", "v1.37.2", True),
        ("v1.36.9", "v1.37", False),
    ],
)
def test_whether_a_version_fits(made: str, wanted: str, verdict: bool) -> None:
    assert fits(made, wanted) is verdict


def test_every_code_of_eks_is_known_to_the_api() -> None:
    known = set(boto3.Session().client("eks", region_name=REGION).meta.service_model.shape_for("NodegroupIssueCode").enum)
    assert known >= eks_nodegroup.FINAL | set(eks_nodegroup.REMEDIES)


def test_an_issue_of_many_instances_stays_short() -> None:
    issue = {"code": "NodeCreationFailure", "message": "no.", "resourceIds": [f"i-{number}" for number in range(50)]}
    assert "(i-0, i-1, i-2)" in said(issue)


def test_the_policy_is_one_that_iam_reads() -> None:
    text = json.dumps(policy("EKSNodegroup"))
    assert len(text) < 6_144  # what a managed policy may hold
    assert all(statement["Effect"] == "Allow" for statement in policy("EKSNodegroup")["Statement"])
