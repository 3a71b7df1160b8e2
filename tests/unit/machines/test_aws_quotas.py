"""What is left in an AWS account, from EC2 in memory and Service Quotas in shapes that botocore checks."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from aws_account import REGION, Account, forget, refusing
from machines_contract import ask
from underway.machines.aws_quotas import CLASSES, AwsQuotas, class_of
from underway.rotate.effects import Quota, ReadQuotas


@pytest.fixture
def stage(aws: None) -> Account:
    forget()
    return Account()


def test_vcpus_addresses_and_room_in_the_group_are_told(stage: Account) -> None:
    reply = ask(stage, ReadQuotas(id=1))
    assert reply.error == ""
    group, vcpus, *addresses = reply.quotas
    assert group == Quota("Auto Scaling group workers: machines (its maximum size)", 1, 10)
    assert vcpus == Quota("vCPUs of running On-Demand Standard instances (quota L-1216C47A)", 2, 64, 2)
    assert [quota.name.partition(" in ")[2] for quota in addresses] == ["us-east-1a", "us-east-1b"]
    assert all(quota.limit == 251 and quota.needs == 10 for quota in addresses), "an m5.large has 10 addresses an interface"


def test_what_other_groups_run_counts_too_and_spot_does_not(stage: Account) -> None:
    for market, type_ in (({}, "c5.4xlarge"), ({"InstanceMarketOptions": {"MarketType": "spot"}}, "m5.large")):
        stage.ec2.run_instances(ImageId=stage.image, InstanceType=type_, MinCount=1, MaxCount=1, **market)
    stage.ec2.run_instances(ImageId=stage.image, InstanceType="p4d.24xlarge", MinCount=1, MaxCount=1)
    reply = ask(stage, ReadQuotas(id=1))
    assert reply.error == ""
    assert reply.quotas[1].used == 2 + 16


def test_a_quota_that_was_never_raised_has_its_default(stage: Account) -> None:
    client = boto3.client("service-quotas", region_name=REGION)
    asked = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}
    with Stubber(client) as stub:
        stub.add_client_error("get_service_quota", "NoSuchResourceException", expected_params=asked)
        stub.add_response("get_aws_default_service_quota", {"Quota": {"Value": 5.0, "QuotaCode": "L-1216C47A"}}, asked)
        (vcpus,) = [quota for quota in AwsQuotas(stage.ec2, client).quotas([stage.group()]) if quota.name.startswith("vCPU")]
    assert (vcpus.used, vcpus.limit) == (2, 5)


@pytest.mark.parametrize("code", ["AccessDeniedException", "TooManyRequestsException"])
def test_what_cannot_be_read_is_an_error_and_never_no_quota(stage: Account, code: str) -> None:
    refusing(stage.provider._account.service_quotas, "service-quotas.GetServiceQuota", code, "no.")
    reply = ask(stage, ReadQuotas(id=1))
    assert reply.error.startswith(f"{code}: no")
    assert reply.quotas == ()


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("m5.large", "Standard"),
        ("im4gn.large", "Standard"),
        ("gr6.4xlarge", "G and VT"),
        ("u7i-12tb.224xlarge", "High Memory"),
        ("inf2.xlarge", "Inf"),
        ("p5.48xlarge", "P"),
        ("x2idn.16xlarge", "X"),
        ("mac2.metal", ""),
    ],
)
def test_each_type_is_of_one_class(type_: str, name: str) -> None:
    assert class_of(type_) == name


def test_no_code_stands_twice() -> None:
    codes: list[Any] = [code for row in CLASSES for code in row[2:] if code]
    assert len(codes) == len(set(codes))
