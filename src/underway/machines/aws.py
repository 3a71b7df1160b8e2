"""What the AWS providers share: clients, the names of instances, and which refusals may pass.

Sources: EC2 and Auto Scaling API references, "Error codes"; the cloud provider's providerID ("aws:///ZONE/INSTANCE").
"""

from typing import Any

from underway.errors import UsageError
from underway.rotate.effects import MachineReply, MachineRequest

KEY_TAG = "rotation.underway.dev/key"
ATTEMPTS = 3  # of the SDK itself; the driver asks again after that
TIMEOUT_S = 20.0
# There is none in this place: another subnet or instance type of the zone may have one.
NO_CAPACITY = frozenset(
    {
        "InsufficientCapacity",
        "InsufficientFreeAddressesInSubnet",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
        "UnfulfillableCapacity",
        "Unsupported",  # "instance type ... is not supported in your requested Availability Zone"
    }
)
MORE_QUOTA = "ask AWS for more (Service Quotas), or lower spec.pace.maxSurge"
MORE_ROOM = "AWS has none at present; more instance types or subnets in the zone help"
MORE_RIGHTS = "`underway manifests --iam-policy` prints what is needed"
REMEDIES = {
    **dict.fromkeys(("InsufficientInstanceCapacity", "InsufficientCapacity", "UnfulfillableCapacity"), MORE_ROOM),
    "InsufficientFreeAddressesInSubnet": "give the zone a subnet with free addresses",
    **dict.fromkeys(("VcpuLimitExceeded", "InstanceLimitExceeded", "MaxSpotInstanceCountExceeded"), MORE_QUOTA),
    **dict.fromkeys(("NetworkInterfaceLimitExceeded", "VolumeLimitExceeded"), MORE_QUOTA),
    **dict.fromkeys(("UnauthorizedOperation", "AccessDenied", "AccessDeniedException"), MORE_RIGHTS),
}
# Mistakes that a person has to mend. Whatever else AWS answers (throttling, quotas, capacity, its own errors) may pass.
FINAL = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "InvalidClientTokenId",
        "InvalidLaunchTemplateId.NotFound",
        "InvalidLaunchTemplateName.NotFoundException",
        "InvalidAMIID.NotFound",
        "OperationNotPermitted",
        "OptInRequired",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)


def client(service: str, region: str) -> Any:
    """A client of one service; credentials come from the environment, as for every AWS tool. Raises UsageError."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import NoRegionError
    except ImportError:
        raise UsageError("spec.machines.provider: AWS needs its library; install it with pip install 'underway[aws]'") from None
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS}, read_timeout=TIMEOUT_S, connect_timeout=TIMEOUT_S
    )
    from botocore.exceptions import NoRegionError

    try:
        return boto3.client(service, region_name=region or None, config=config)
    except NoRegionError:
        raise UsageError("spec.machines.region: not given, and neither AWS_REGION nor the AWS profile names one") from None


def instance_id(provider_id: str) -> str:
    """The instance in a Node's providerID, "" if it is none of AWS."""
    return provider_id.rpartition("/")[2] if provider_id.startswith("aws://") else ""


def provider_id(instance: dict[str, Any]) -> str:
    """The providerID that the Node of an instance has."""
    return f"aws:///{instance['Placement']['AvailabilityZone']}/{instance['InstanceId']}"


def code_of(error: Exception) -> str:
    """The error code in a botocore ClientError."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__))


def tag_of(instance: dict[str, Any], key: str) -> str:
    """A tag's value, "" if the instance does not have it."""
    return next((tag["Value"] for tag in instance.get("Tags", ()) if tag["Key"] == key), "")


def told(error: Exception, where: str = "") -> str:
    """A failed call in one sentence: AWS' own words, and what helps where that is known. where: the zone, mostly."""
    code = code_of(error)
    text = getattr(error, "response", {}).get("Error", {}).get("Message") or str(error)
    remedy = f"; {REMEDIES[code]}" if code in REMEDIES else ""
    return f"{code}: {text.rstrip('.')}{f' ({where})' if where else ''}{remedy}"


def refusal(request: MachineRequest, error: Exception, where: str = "") -> MachineReply:
    """A failed call as a reply."""
    code = code_of(error)
    return MachineReply(request=request, error=told(error, where), retryable=code not in FINAL and code != "NoCredentialsError")
