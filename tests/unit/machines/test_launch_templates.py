"""Which image a launch template means, where it names a parameter of Systems Manager."""

from typing import Any

import pytest

from underway.machines.launch_templates import ID_TAG, VERSION_TAG, Templates

GROUP = {"LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "7"}}


class Ec2:
    """Answers as EC2 does. image: in the template; resolved: what its parameter means, "" where that is not told."""

    def __init__(self, image: str, resolved: str) -> None:
        self.image, self.resolved = image, resolved
        self.aliases = 0

    def describe_launch_template_versions(self, *, ResolveAlias: bool = False, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.aliases += ResolveAlias
        image = self.resolved if ResolveAlias and self.resolved else self.image
        return {"LaunchTemplateVersions": [{"VersionNumber": 7, "LaunchTemplateData": {"ImageId": image}}]}


@pytest.mark.parametrize(
    ("image", "resolved", "drift", "asked"),
    [
        ("resolve:ssm:/node/image", "ami-new", "image ami-old, launch template lt-1 now resolves to ami-new", 1),
        ("resolve:ssm:/node/image", "ami-old", "", 1),
        ("resolve:ssm:/node/image", "", "", 1),
        ("ami-other", "", "", 0),
    ],
)
def test_a_parameter_that_means_another_image_is_drift(image: str, resolved: str, drift: str, asked: int) -> None:
    ec2 = Ec2(image, resolved)
    templates = Templates(ec2)
    tags = [{"Key": ID_TAG, "Value": "lt-1"}, {"Key": VERSION_TAG, "Value": "7"}]
    for _ in range(2):
        assert templates.drift({"ImageId": "ami-old", "Tags": tags}, GROUP) == drift
    assert ec2.aliases == asked, "a template is asked for once"
