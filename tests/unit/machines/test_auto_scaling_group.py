"""Provider AutoScalingGroup, on AWS in memory."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from machines_contract import ZONE, Contract, ask, listed
from underway.errors import UsageError
from underway.machines.auto_scaling_group import SUSPENDED, AutoScalingGroup, machine_of
from underway.machines.aws import KEY_TAG
from underway.rotate.effects import Machine, Provision, Terminate
from underway.rotate.spec import Machines as MachinesSpec

REGION = "us-east-1"
IMAGE = "ami-12c6146b"  # one of those that moto has
CODES = {"capacity": "InsufficientInstanceCapacity", "throttling": "RequestLimitExceeded", "forbidden": "UnauthorizedOperation"}


class Account:
    """One group of one instance in one zone, and the provider before it."""

    def __init__(self, **group: Any) -> None:
        self.ec2 = boto3.client("ec2", region_name=REGION)
        self.scaling = boto3.client("autoscaling", region_name=REGION)
        data = {"ImageId": IMAGE, "InstanceType": "m5.large"}
        self.ec2.create_launch_template(LaunchTemplateName="workers", LaunchTemplateData=data)
        network = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            self.ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for index, zone in enumerate((ZONE, "us-east-1b"))
        ]
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName="workers",
            MinSize=1,
            MaxSize=10,
            DesiredCapacity=1,
            VPCZoneIdentifier=",".join(subnets),
            **(group or {"LaunchTemplate": {"LaunchTemplateName": "workers", "Version": "$Latest"}}),
        )
        self.provider: Any = AutoScalingGroup(MachinesSpec(provider="AutoScalingGroup", groups=("workers",), region=REGION))
        self.first = self.group()["Instances"][0]
        self.node = "ip-10-0-0-1"
        self.provider_id = f"aws:///{self.first['AvailabilityZone']}/{self.first['InstanceId']}"
        self._trouble = ""
        self.provider._ec2.meta.events.register("before-call.ec2.RunInstances", self._refuse)

    def group(self) -> Any:
        return self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["workers"])["AutoScalingGroups"][0]

    def _refuse(self, **_: Any) -> Any:
        if not self._trouble:
            return None
        code = CODES[self._trouble]

        class Answer:
            status_code = 400

        return Answer(), {"Error": {"Code": code, "Message": f"{code}, says AWS"}, "ResponseMetadata": {}}

    def boot(self) -> None:
        """moto's instances run as soon as they are asked for."""

    def slow(self) -> None:
        for backend in ec2_backends[DEFAULT_ACCOUNT_ID].values():
            for reservation in backend.reservations.values():
                for instance in reservation.instances:
                    if any(tag["key"] == KEY_TAG for tag in instance.get_tags()):
                        instance._state.name, instance._state.code = "pending", 0

    def finish(self) -> None:
        """And end as soon."""

    def lose(self) -> None:
        self.ec2.terminate_instances(InstanceIds=[self.first["InstanceId"]])

    def trouble(self, name: str) -> None:
        self._trouble = name

    def count(self) -> int:
        found = self.ec2.describe_instances()["Reservations"]
        instances = [instance for reservation in found for instance in reservation["Instances"]]
        return sum(1 for instance in instances if instance["State"]["Name"] not in ("terminated", "shutting-down"))

    def suspended(self) -> bool:
        return any(process["ProcessName"] == SUSPENDED for process in self.group()["SuspendedProcesses"])


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account()


KEY = "workers-0123abcd-00000a"


def request(stage: Account, zone: str = ZONE) -> Provision:
    return Provision(id=1, key=KEY, replaces=stage.node, replaces_provider_id=stage.provider_id, zone=zone)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:botocore")
class TestAutoScalingGroup(Contract):
    def test_a_successor_runs_in_the_zone_that_is_wanted_and_joins_the_group(self, stage: Account) -> None:
        ask(stage, request(stage, "us-east-1b"))
        (machine,) = [machine for machine in listed(stage) if machine.key == KEY]
        assert machine.provider_id.startswith("aws:///us-east-1b/")
        group = stage.group()
        assert group["DesiredCapacity"] == 2
        assert machine.provider_id.rpartition("/")[2] in {member["InstanceId"] for member in group["Instances"]}

    def test_the_old_one_takes_its_place_in_the_group_with_it(self, stage: Account) -> None:
        ask(stage, request(stage))
        listed(stage)
        ask(stage, Terminate(id=2, node=stage.node, provider_id=stage.provider_id))
        assert stage.group()["DesiredCapacity"] == 1

    def test_rebalancing_rests_while_there_are_extra_machines(self, stage: Account) -> None:
        ask(stage, request(stage))
        assert stage.suspended()
        listed(stage)
        assert not stage.suspended()
        assert stage.group()["Tags"] == []

    def test_somebody_elses_suspension_stays(self, stage: Account) -> None:
        stage.scaling.suspend_processes(AutoScalingGroupName="workers", ScalingProcesses=[SUSPENDED])
        ask(stage, request(stage))
        listed(stage)
        assert stage.suspended()

    def test_a_zone_without_a_subnet_is_named(self, stage: Account) -> None:
        reply = ask(stage, request(stage, "us-east-1c"))
        assert reply.error == "Auto Scaling group workers has no subnet in zone us-east-1c"
        assert not reply.retryable

    def test_want_of_capacity_names_the_zone(self, stage: Account) -> None:
        stage.trouble("capacity")
        reply = ask(stage, request(stage))
        assert reply.error == "InsufficientInstanceCapacity: InsufficientInstanceCapacity, says AWS (zone us-east-1a)"

    def test_a_node_of_another_cloud_is_not_ours_to_end(self, stage: Account) -> None:
        reply = ask(stage, Terminate(id=2, node="n", provider_id="gce://p/z/n"))
        assert reply.error == "node n has no providerID of AWS (gce://p/z/n): is it an instance?"
        assert not reply.retryable

    def test_a_group_that_is_not_there_is_named(self, stage: Account) -> None:
        stage.scaling.delete_auto_scaling_group(AutoScalingGroupName="workers", ForceDelete=True)
        assert ask(stage, request(stage)).error == "spec.machines.groups: no Auto Scaling group workers in this region"

    def test_a_protected_instance_is_told(self, stage: Account) -> None:
        ask(stage, request(stage))
        name = next(machine for machine in listed(stage) if machine.key).provider_id.rpartition("/")[2]
        stage.scaling.detach_instances(InstanceIds=[name], AutoScalingGroupName="workers", ShouldDecrementDesiredCapacity=True)
        stage.ec2.modify_instance_attribute(InstanceId=name, DisableApiTermination={"Value": True})
        reply = ask(stage, Terminate(id=3, key=KEY))
        assert "OperationNotPermitted" in reply.error
        assert not reply.retryable


def test_several_instance_types_are_tried_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        template = {"LaunchTemplateName": "workers", "Version": "$Latest"}
        overrides = [{"InstanceType": "m5.large"}, {"InstanceType": "m6i.large"}]
        stage = Account(
            MixedInstancesPolicy={"LaunchTemplate": {"LaunchTemplateSpecification": template, "Overrides": overrides}}
        )
        asked: list[str] = []

        def refuse(params: Any, **_: Any) -> Any:
            asked.append(params["body"]["InstanceType"])
            stage.trouble("capacity" if len(asked) == 1 else "")

        stage.provider._ec2.meta.events.register_first("before-call.ec2.RunInstances", refuse)
        assert ask(stage, request(stage)).error == ""
        assert asked == ["m5.large", "m6i.large"]


def test_no_group_is_refused() -> None:
    with pytest.raises(UsageError, match=r"spec\.machines\.groups: provider AutoScalingGroup needs the names"):
        AutoScalingGroup(MachinesSpec(provider="AutoScalingGroup"))


def test_a_machine_reads_as_its_states() -> None:
    instance = {"InstanceId": "i-1", "Placement": {"AvailabilityZone": "a"}, "State": {"Name": "stopped"}}
    assert machine_of(instance) == Machine(provider_id="aws:///a/i-1", state="Failed", reason="the instance is stopped")
    running = {**instance, "State": {"Name": "running"}}
    assert machine_of(running, "Terminating:Wait").state == "Terminating"
