"""An AWS account in memory (moto) as a stage of the machine providers: one Auto Scaling group of one instance, two zones.

Owns the account and what is learnt of it: every call that a provider made, by its IAM action.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.moto_api._internal.models import moto_api_backend

from machines_contract import ZONE
from underway.machines.auto_scaling_group import SUSPENDED, AutoScalingGroup
from underway.machines.aws import KEY_TAG
from underway.rotate.spec import Machines as MachinesSpec

REGION = "us-east-1"
CODES = {
    "capacity": "InsufficientInstanceCapacity",
    "throttling": "RequestLimitExceeded",
    "forbidden": "UnauthorizedOperation",
    "overload": "Throttling",
}
_SESSIONS: list[boto3.Session] = []


@contextmanager
def aws_in_memory() -> Iterator[None]:
    """AWS in memory for the tests of a module: to begin it takes a second. `forget` empties it.

    One session for all: reading botocore's descriptions takes another.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        # It reads all of botocore's endpoints each time, to learn which partitions there are.
        patch.setattr("moto.eks.models.validate_role_arn", lambda _: None)
        with mock_aws():
            if not _SESSIONS:
                _SESSIONS.append(boto3.Session())
            patch.setattr(boto3, "DEFAULT_SESSION", _SESSIONS[0])
            yield


def forget() -> None:
    """Empty every account."""
    moto_api_backend.reset()


class Account:
    """The group `workers`, and the provider before it. settings: of the group, beside those that are always the same."""

    group_name = "workers"

    def __init__(self, **settings: Any) -> None:
        self.ec2 = boto3.client("ec2", region_name=REGION)
        self.scaling = boto3.client("autoscaling", region_name=REGION)
        self.image = self.ec2.register_image(Name="node", RootDeviceName="/dev/xvda")["ImageId"]
        data = {"ImageId": self.image, "InstanceType": "m5.large"}
        self.ec2.create_launch_template(LaunchTemplateName="workers", LaunchTemplateData=data)
        network = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for index, zone in enumerate((ZONE, "us-east-1b"))
        ]
        self.make_group(self.group_name, **settings)
        self.provider: Any = self.made_provider()
        self.quota(64.0)
        self.calls: set[str] = set()
        for client in self.clients():
            client.meta.events.register("provide-client-params.*.*", self._note)
        self.first = self.group()["Instances"][0]
        self.node = "ip-10-0-0-1"
        self.provider_id = f"aws:///{self.first['AvailabilityZone']}/{self.first['InstanceId']}"
        self._trouble = ""
        for client in self.clients():
            client.meta.events.register("before-call", self._refuse)

    def made_provider(self) -> Any:
        return AutoScalingGroup(MachinesSpec(provider="AutoScalingGroup", groups=(self.group_name,), region=REGION))

    def clients(self) -> list[Any]:
        return [self.provider._ec2, self.provider._scaling, self.provider._account.service_quotas]

    def make_group(self, name: str, **settings: Any) -> None:
        given = {
            "MinSize": 0,
            "MaxSize": 10,
            "DesiredCapacity": 1,
            "VPCZoneIdentifier": ",".join(self.subnets),
            "LaunchTemplate": {"LaunchTemplateName": "workers", "Version": "$Latest"},
        }
        if "MixedInstancesPolicy" in settings:
            del given["LaunchTemplate"]
        self.scaling.create_auto_scaling_group(AutoScalingGroupName=name, **(given | settings))

    def group(self, name: str = "") -> Any:
        names = [name or self.group_name]
        return self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=names)["AutoScalingGroups"][0]

    def quota(self, value: float) -> None:
        """The account's vCPU quota; moto knows those of VPCs alone."""
        answering(self.provider._account.service_quotas, "service-quotas.GetServiceQuota", {"Quota": {"Value": value}})

    def new_template_version(self) -> None:
        data = {"ImageId": self.image, "InstanceType": "m5.xlarge"}
        self.ec2.create_launch_template_version(LaunchTemplateName="workers", LaunchTemplateData=data)

    def _note(self, model: Any, **_: Any) -> None:
        prefix = model.service_model.signing_name
        self.calls.add(f"{prefix}:{model.name}")

    def _refuse(self, model: Any, **_: Any) -> Any:
        if not self._trouble or (self._trouble != "overload" and model.name != "RunInstances"):
            return None
        code = CODES[self._trouble]

        class Answer:
            status_code = 400

        return Answer(), {"Error": {"Code": code, "Message": f"{code}, says AWS"}, "ResponseMetadata": {}}

    def of_ours(self) -> Iterator[Any]:
        """moto's instances that carry a key."""
        for backend in ec2_backends[DEFAULT_ACCOUNT_ID].values():
            for reservation in backend.reservations.values():
                for instance in reservation.instances:
                    if any(tag["key"] == KEY_TAG for tag in instance.get_tags()):
                        yield instance

    # The stage of the contract

    def boot(self) -> None:
        """moto's instances run as soon as they are asked for."""

    def slow(self) -> None:
        for instance in self.of_ours():
            instance._state.name, instance._state.code = "pending", 0

    def finish(self) -> None:
        """And end as soon."""

    def lose(self) -> None:
        self.ec2.terminate_instances(InstanceIds=[self.first["InstanceId"]])

    def lose_successor(self) -> None:
        self.ec2.terminate_instances(InstanceIds=[instance.id for instance in self.of_ours()])

    def trouble(self, name: str) -> None:
        self._trouble = name

    def count(self) -> int:
        found = self.ec2.describe_instances()["Reservations"]
        instances = [instance for reservation in found for instance in reservation["Instances"]]
        return sum(1 for instance in instances if instance["State"]["Name"] not in ("terminated", "shutting-down"))

    def drift(self) -> None:
        self.new_template_version()

    def suspended(self) -> bool:
        return any(process["ProcessName"] == SUSPENDED for process in self.group()["SuspendedProcesses"])


def refusing(client: Any, operation: str, code: str, message: str) -> None:
    """From now on a call is answered with an error. operation: as in "autoscaling.AttachInstances"."""

    class Answer:
        status_code = 400

    answer = (Answer(), {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}})
    client.meta.events.register_first(f"before-call.{operation}", lambda **_: answer)


def answering(client: Any, operation: str, body: Any) -> None:
    """From now on a call is answered so. body: by what is asked, or always the same."""

    class Answer:
        status_code = 200

    def answer(params: Any, **_: Any) -> Any:
        found = body(params) if callable(body) else body
        return Answer(), {**json.loads(json.dumps(found)), "ResponseMetadata": {}}

    client.meta.events.register(f"before-call.{operation}", answer)
