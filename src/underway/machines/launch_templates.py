"""Launch templates of Auto Scaling groups: which version a group launches from, and which instances come from another one.

Sources: Auto Scaling API (LaunchTemplateSpecification: $Latest, $Default); EC2, "Launch templates" (an instance carries the
template and version that it came from as tags of AWS' own).
"""

from typing import Any

from underway.machines.aws import tag_of

Json = dict[str, Any]
ID_TAG, VERSION_TAG = "aws:ec2launchtemplate:id", "aws:ec2launchtemplate:version"
ALIAS = "resolve:ssm:"
MOVING = ("$Latest", "$Default")


def template_of(group: Json) -> tuple[Json, list[str]]:
    """The launch template of a group for RunInstances, {} if it has none, and the instance types to try ("": its own)."""
    policy = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    template = policy.get("LaunchTemplateSpecification") or group.get("LaunchTemplate") or {}
    kept = {key: template[key] for key in ("LaunchTemplateId", "Version") if key in template}
    types = [override["InstanceType"] for override in policy.get("Overrides", ()) if "InstanceType" in override]
    return kept, types or [""]


class Templates:
    """The versions that groups launch from now. ec2: a client; each moving version is asked for once."""

    def __init__(self, ec2: Any) -> None:
        self._ec2 = ec2
        self._known: dict[tuple[str, str], Json] = {}

    def current(self, group: Json) -> tuple[str, str]:
        """The template and the number of the version that the group launches from; ("", "") without a template."""
        template, _ = template_of(group)
        name, version = template.get("LaunchTemplateId", ""), str(template.get("Version", "$Default"))
        if not name or version not in MOVING:
            return name, version if name else ""
        return name, str(self._described(name, version)["VersionNumber"])

    def data(self, group: Json) -> Json:
        """What the group's template holds, {} without one."""
        template, _ = template_of(group)
        if not template:
            return {}
        found: Json = self._described(template["LaunchTemplateId"], str(template.get("Version", "$Default")))
        data: Json = found["LaunchTemplateData"]
        return data

    def _described(self, name: str, version: str) -> Json:
        if (name, version) not in self._known:
            asked = self._ec2.describe_launch_template_versions(LaunchTemplateId=name, Versions=[version])
            self._known[name, version] = asked["LaunchTemplateVersions"][0]
        return self._known[name, version]

    def drift(self, instance: Json, group: Json) -> str:
        """Why the instance is not as its group would launch it now, "" if it is."""
        name, version = self.current(group)
        if not name:
            return ""
        made, number = tag_of(instance, ID_TAG), tag_of(instance, VERSION_TAG)
        if not made:
            return f"made without a launch template; its group uses {name} version {version}"
        if made != name:
            return f"made from launch template {made}; its group uses {name} version {version}"
        if number != version:
            return f"launch template {name} version {number}, its group uses version {version}"
        image, wanted = instance.get("ImageId", ""), self._resolved(name, version)
        return f"image {image}, launch template {name} now resolves to {wanted}" if wanted and image != wanted else ""

    def _resolved(self, name: str, version: str) -> str:
        """The image that a version means now, where it names a parameter of Systems Manager; "" where not, or if not told.

        The parameter may come to mean another image while the version stays. Source: EC2, DescribeLaunchTemplateVersions
        (ResolveAlias).
        """
        if not str(self._described(name, version)["LaunchTemplateData"].get("ImageId", "")).startswith(ALIAS):
            return ""
        key = (name, f"{version} resolved")
        if key not in self._known:
            asked = self._ec2.describe_launch_template_versions(LaunchTemplateId=name, Versions=[version], ResolveAlias=True)
            self._known[key] = asked["LaunchTemplateVersions"][0]
        image = str(self._known[key]["LaunchTemplateData"].get("ImageId", ""))
        return "" if image.startswith(ALIAS) else image
