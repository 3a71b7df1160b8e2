"""The IAM policy that a provider of AWS needs, and no more: `underway manifests --iam-policy`.

Owns the actions and how far each reaches. A test compares them with the calls that are made. Sources: "Service Authorization
Reference" (which actions know which resources and condition keys); EC2, "Grant permission to tag resources during creation".
"""

from typing import Any

from underway.machines.auto_scaling_group import GROUP_OF_OURS
from underway.machines.aws import KEY_TAG

Statement = dict[str, Any]

# They know no resources: EC2 and Auto Scaling describe all or nothing.
READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSubnets",
)
QUOTA_READS = ("ec2:DescribeInstanceTypes", "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota")
GROUP_WRITES = (
    "autoscaling:AttachInstances",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
    "autoscaling:ResumeProcesses",
    "autoscaling:SetInstanceProtection",
    "autoscaling:SuspendProcesses",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
)
EKS_READS = ("eks:DescribeNodegroup", "eks:DescribeUpdate", "eks:ListUpdates")


def _allow(sid: str, actions: tuple[str, ...], resources: str | list[str] = "*", condition: Any = None) -> Statement:
    made: Statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}
    return made | ({"Condition": condition} if condition else {})


def _carries(tag: str, of: str) -> Statement:
    """That a tag is there. of: "aws:RequestTag" for what is made, "ec2:ResourceTag" for what is there."""
    return {"Null": {f"{of}/{tag}": "false"}}


def _instances(groups: str) -> list[Statement]:
    """What both providers need. groups: the names of the Auto Scaling groups, with * as a wildcard."""
    instance = "arn:*:ec2:*:*:instance/*"
    beside = ["network-interface", "subnet", "security-group", "launch-template", "key-pair", "volume", "placement-group"]
    parts = [f"arn:*:ec2:*:*:{part}/*" for part in beside] + ["arn:*:ec2:*::image/*", "arn:*:ec2:*::snapshot/*"]
    return [
        _allow("Read", READS),
        _allow("ReadQuotas", QUOTA_READS),
        _allow("ResolveImages", ("ssm:GetParameters",), "arn:*:ssm:*:*:parameter/*"),  # of "resolve:ssm:" in launch templates
        _allow("Groups", GROUP_WRITES, f"arn:*:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/{groups}"),
        _allow("LaunchSuccessors", ("ec2:RunInstances",), instance, _carries(KEY_TAG, "aws:RequestTag")),
        _allow("LaunchFrom", ("ec2:RunInstances",), parts),
        _allow("TagSuccessors", ("ec2:CreateTags",), "arn:*:ec2:*:*:*/*", {"StringEquals": {"ec2:CreateAction": "RunInstances"}}),
        _allow("Successors", ("ec2:DeleteTags", "ec2:TerminateInstances"), instance, _carries(GROUP_OF_OURS, "ec2:ResourceTag")),
        _allow("GiveRole", ("iam:PassRole",), "*", {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
    ]


def policy(provider: str) -> Statement:
    """The policy document of a provider of POLICIES."""
    return {"Version": "2012-10-17", "Statement": POLICIES[provider]}


POLICIES: dict[str, list[Statement]] = {
    "AutoScalingGroup": _instances("*"),
    # EKS calls the groups that it keeps "eks-NODEGROUP-ID".
    "EKSNodegroup": [*_instances("eks-*"), _allow("NodeGroups", EKS_READS, "arn:*:eks:*:*:nodegroup/*")],
}
