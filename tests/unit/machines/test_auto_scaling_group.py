"""Provider AutoScalingGroup, on AWS in memory."""

from typing import Any

import msgspec
import pytest

from aws_account import Account, forget, refusing
from machines_contract import KEY, ZONE, Contract, ask, listed
from underway.errors import UsageError
from underway.machines.auto_scaling_group import REPLACES_TAG, SUSPENDED, AutoScalingGroup, machine_of
from underway.machines.aws_policies import policy
from underway.rotate.effects import ListMachines, Machine, Provision, ReadQuotas, Terminate
from underway.rotate.spec import Machines as MachinesSpec


@pytest.fixture
def stage(aws: None) -> Account:
    forget()
    return Account()


# The first two are asked for inside of RunInstances; the last is for quotas that were never raised.
NOT_CALLS = {"iam:PassRole", "ec2:CreateTags", "servicequotas:GetAWSDefaultServiceQuota", "ssm:GetParameters"}


def granted(provider: str) -> set[str]:
    """The actions of a policy."""
    return {action for statement in policy(provider)["Statement"] for action in statement["Action"]}


def whole_life(stage: Account, request: Provision) -> None:
    """Everything that a provider may ever call: a replacement, and a successor that ends without joining."""
    ask(stage, request)
    ask(stage, ListMachines(id=2, drift=True))
    listed(stage)
    ask(stage, Terminate(id=3, node=stage.node, provider_id=stage.provider_id))
    listed(stage)
    ask(stage, msgspec.structs.replace(request, key="workers-0123abcd-00000b"))
    ask(stage, Terminate(id=4, key="workers-0123abcd-00000b"))
    ask(stage, ReadQuotas(id=5))
    assert stage.count() == 1


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
        assert reply.error == (
            "InsufficientInstanceCapacity: InsufficientInstanceCapacity, says AWS (zone us-east-1a); "
            "AWS has none at present; more instance types or subnets in the zone help"
        )

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

    def test_a_successor_is_kept_from_scaling_policies_until_its_predecessor_is_gone(self, stage: Account) -> None:
        ask(stage, request(stage))
        listed(stage)
        assert self.protections(stage) == {stage.first["InstanceId"]: False, self.successor(stage): True}
        ask(stage, Terminate(id=2, node=stage.node, provider_id=stage.provider_id))
        listed(stage)
        assert self.protections(stage) == {self.successor(stage): False}
        (instance,) = stage.ec2.describe_instances(InstanceIds=[self.successor(stage)])["Reservations"][0]["Instances"]
        assert REPLACES_TAG not in {tag["Key"] for tag in instance["Tags"]}

    def protections(self, stage: Account) -> dict[str, bool]:
        return {member["InstanceId"]: member["ProtectedFromScaleIn"] for member in stage.group()["Instances"]}

    def successor(self, stage: Account) -> str:
        return next(machine for machine in listed(stage) if machine.key).provider_id.rpartition("/")[2]

    def test_a_protected_old_instance_ends_all_the_same(self, stage: Account) -> None:
        name = stage.first["InstanceId"]
        stage.scaling.set_instance_protection(InstanceIds=[name], AutoScalingGroupName="workers", ProtectedFromScaleIn=True)
        assert ask(stage, Terminate(id=2, node=stage.node, provider_id=stage.provider_id)).error == ""
        assert stage.count() == 0

    def test_a_lifecycle_hook_that_holds_a_machine_is_told(self) -> None:
        instance = {"InstanceId": "i-1", "Placement": {"AvailabilityZone": "a"}, "State": {"Name": "running"}}
        assert machine_of(instance, "Terminating:Wait").reason == "a lifecycle hook of its group holds it (Terminating:Wait)"

    def test_a_full_group_launches_nothing(self, stage: Account) -> None:
        stage.scaling.update_auto_scaling_group(AutoScalingGroupName="workers", MaxSize=1)
        reply = ask(stage, request(stage))
        assert reply.error.startswith("Auto Scaling group workers has no room beside its machines: raise its maximum size of 1")
        assert (reply.retryable, stage.count()) == (True, 1)

    def test_a_group_at_its_minimum_says_why_no_machine_goes_first(self, stage: Account) -> None:
        stage.scaling.update_auto_scaling_group(AutoScalingGroupName="workers", MinSize=1)
        reply = ask(stage, Terminate(id=2, node=stage.node, provider_id=stage.provider_id))
        assert reply.error.startswith("Auto Scaling group workers may not have fewer machines: lower its minimum size of 1")
        assert (reply.retryable, stage.count()) == (True, 1)

    def test_a_machine_that_may_not_join_waits_and_says_why(self, stage: Account) -> None:
        ask(stage, request(stage))
        refusing(stage.provider._scaling, "autoscaling.AttachInstances", "ResourceContention", "an update is under way.")
        (machine,) = [machine for machine in listed(stage) if machine.key]
        assert (machine.state, machine.reason) == (
            "Pending",
            "it cannot join its group: ResourceContention: an update is under way",
        )
        assert stage.suspended()

    def test_drift_names_both_versions_of_the_template(self, stage: Account) -> None:
        stage.drift()
        (machine,) = ask(stage, ListMachines(id=2, drift=True)).machines
        template = stage.group()["LaunchTemplate"]["LaunchTemplateId"]
        assert machine.drifted == f"launch template {template} version 1, its group uses version 2"

    def test_drift_is_asked_for_only_where_it_is_wanted(self, stage: Account) -> None:
        listed(stage)
        assert "ec2:DescribeLaunchTemplateVersions" not in stage.calls

    def test_a_quota_is_told_with_what_helps(self, stage: Account) -> None:
        refusing(stage.provider._ec2, "ec2.RunInstances", "VcpuLimitExceeded", "You have requested more vCPU capacity.")
        reply = ask(stage, request(stage))
        assert reply.error == (
            "VcpuLimitExceeded: You have requested more vCPU capacity; "
            "ask AWS for more (Service Quotas), or lower spec.pace.maxSurge"
        )
        assert reply.retryable

    def test_its_policy_grants_what_is_called_and_nothing_more(self, stage: Account) -> None:
        stage.calls.clear()
        whole_life(stage, request(stage))
        assert granted("AutoScalingGroup") - NOT_CALLS == stage.calls


def test_several_instance_types_are_tried_in_turn(aws: None) -> None:
    forget()
    template = {"LaunchTemplateName": "workers", "Version": "$Latest"}
    overrides = [{"InstanceType": "m5.large"}, {"InstanceType": "m6i.large"}]
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": template, "Overrides": overrides}}
    stage = Account(MixedInstancesPolicy=policy)
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
