"""The version skew policy: which kubelets an API server bears.

Source: "Version Skew Policy" (kubelet: never newer than the API server, and up to three minor versions older; no in-place
upgrade of a kubelet's minor version).
"""

from underway.model import version

KUBELET_MINORS_BEHIND_MAX = 3


def kubelet_skew(kubelet: str, server: str) -> str:
    """Why a kubelet does not go with an API server, or "". Raises ValueError if one of the two is no version."""
    node, api = version.parse(kubelet), version.parse(server)
    if (node.major, node.minor) > (api.major, api.minor):
        return f"kubelet {kubelet} is newer than the API server {server}: upgrade the control plane first"
    if node.major == api.major and api.minor - node.minor > KUBELET_MINORS_BEHIND_MAX:
        return f"kubelet {kubelet} is more than {KUBELET_MINORS_BEHIND_MAX} minor versions older than the API server {server}"
    return ""


def upgraded_in_place(before: str, after: str) -> bool:
    """Whether a node that kept its identity has changed its kubelet's minor version. Raises ValueError as above."""
    first, now = version.parse(before), version.parse(after)
    return (first.major, first.minor) != (now.major, now.minor)
