"""What an AWS account has left for machines: vCPUs by the class of their type, and addresses by zone.

Owns the codes of quotas and what counts against each. Sources: EC2 user guide, "Amazon EC2 instance type quotas" (vCPUs of
running instances, by class; On-Demand and Spot apart); Service Quotas API; VPC CNI ("a node takes the addresses of whole
network interfaces": at least one beside those in use).
"""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

from underway.machines import aws
from underway.machines.launch_templates import Templates, template_of
from underway.rotate.effects import Quota

Json = dict[str, Any]
# Class of instance types: which families are in it, and the codes of its quotas, On-Demand and Spot.
CLASSES: tuple[tuple[str, str, str, str], ...] = (
    ("DL", r"dl\d", "L-6E869C2A", "L-85EED4F7"),
    ("F", r"f\d", "L-74FC7D96", "L-88CF9481"),
    ("G and VT", r"(g|gr|vt)\d", "L-DB2E81BA", "L-3819A6DF"),
    ("HPC", r"hpc\d", "L-F7808C92", ""),
    ("High Memory", r"u[-\d]", "L-43DA4232", ""),
    ("Inf", r"inf\d", "L-1945791B", "L-B5D1601B"),
    ("P", r"p\d", "L-417A185B", "L-7212CCBC"),
    ("Trn", r"trn\d", "L-2C3B7624", "L-6B0D517C"),
    ("X", r"x\d", "L-7295265B", "L-E3A00192"),
    ("Standard", r"[acdhimrtz]\d|im\d|is\d", "L-1216C47A", "L-34B43A08"),
)
RUNNING = {"Name": "instance-state-name", "Values": ["pending", "running"]}
RESERVED = 5  # addresses of each subnet that are AWS' own
TYPES_AT_ONCE = 100  # of DescribeInstanceTypes


class AwsQuotas:
    """The quotas of one account in one region. ec2, service_quotas: clients."""

    def __init__(self, ec2: Any, service_quotas: Any) -> None:
        self._ec2 = ec2
        self.service_quotas = service_quotas
        self._types: dict[str, Json] = {}

    def quotas(self, groups: Sequence[Json]) -> Iterator[Quota]:
        """What the machines of these groups would take. Raises botocore's errors."""
        templates = Templates(self._ec2)
        wanted = [(group, *self._wanted(group, templates)) for group in groups]
        classes = {(class_of(type_), spot) for _, types, spot in wanted for type_ in types}
        named = {name for name, _ in classes}
        running = [one for one in self._instances() if class_of(one["InstanceType"]) in named]
        self._learn({type_ for _, types, _ in wanted for type_ in types} | {one["InstanceType"] for one in running})
        for name, spot in sorted(classes):
            needs = max(self._vcpus(type_) for _, types, _ in wanted for type_ in types if class_of(type_) == name)
            yield from self._of_class(name, running, needs, spot=spot)
        for group, types, _ in wanted:
            yield from self._addresses(group, max((self._addresses_of(type_) for type_ in types), default=1))

    def _wanted(self, group: Json, templates: Templates) -> tuple[list[str], bool]:
        """The instance types of a group's machines, and whether they are Spot."""
        _, types = template_of(group)
        data = templates.data(group)
        named = [type_ or data.get("InstanceType", "") for type_ in types]
        return [type_ for type_ in named if type_], data.get("InstanceMarketOptions", {}).get("MarketType") == "spot"

    def _instances(self) -> list[Json]:
        pages = self._ec2.get_paginator("describe_instances").paginate(Filters=[RUNNING])
        return [instance for page in pages for reservation in page["Reservations"] for instance in reservation["Instances"]]

    def _learn(self, names: set[str]) -> None:
        unknown = sorted(names - set(self._types))
        for start in range(0, len(unknown), TYPES_AT_ONCE):
            found = self._ec2.describe_instance_types(InstanceTypes=unknown[start : start + TYPES_AT_ONCE])["InstanceTypes"]
            self._types |= {one["InstanceType"]: one for one in found}

    def _vcpus(self, type_: str) -> int:
        vcpus: int = self._types[type_]["VCpuInfo"]["DefaultVCpus"]
        return vcpus

    def _addresses_of(self, type_: str) -> int:
        addresses: int = self._types[type_].get("NetworkInfo", {}).get("Ipv4AddressesPerInterface", 1)
        return addresses

    def _of_class(self, name: str, running: list[Json], needs: int, *, spot: bool) -> Iterator[Quota]:
        market = "Spot" if spot else "On-Demand"
        code = next((row[3] if spot else row[2] for row in CLASSES if row[0] == name), "")
        if not code:
            return
        used = sum(
            self._vcpus(one["InstanceType"])
            for one in running
            if class_of(one["InstanceType"]) == name and (one.get("InstanceLifecycle") == "spot") is spot
        )
        yield Quota(f"vCPUs of running {market} {name} instances (quota {code})", used, self._limit(code), needs)

    def _limit(self, code: str) -> float:
        """The value of a quota; one that was never raised is only known by its default."""
        from botocore.exceptions import ClientError

        asked = {"ServiceCode": "ec2", "QuotaCode": code}
        try:
            found = self.service_quotas.get_service_quota(**asked)
        except ClientError as error:
            if aws.code_of(error) != "NoSuchResourceException":
                raise
            found = self.service_quotas.get_aws_default_service_quota(**asked)
        value: float = found["Quota"]["Value"]
        return value

    def _addresses(self, group: Json, needs: int) -> Iterator[Quota]:
        """For each zone of a group, the subnet with the most free addresses: the others are tried after it."""
        names = [name for name in group.get("VPCZoneIdentifier", "").split(",") if name]
        subnets = self._ec2.describe_subnets(SubnetIds=names)["Subnets"] if names else []
        for zone in sorted({subnet["AvailabilityZone"] for subnet in subnets}):
            best = max(
                (one for one in subnets if one["AvailabilityZone"] == zone), key=lambda one: int(one["AvailableIpAddressCount"])
            )
            limit = ip_network(best["CidrBlock"]).num_addresses - RESERVED
            yield Quota(f"addresses of {best['SubnetId']} in {zone}", limit - best["AvailableIpAddressCount"], limit, needs)


def class_of(type_: str) -> str:
    """The class of an instance type in EC2's quotas, "" if it is none that we know."""
    return next((name for name, pattern, _, _ in CLASSES if re.match(pattern, type_)), "")
