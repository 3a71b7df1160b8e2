"""Stands in for clusterlint where it cannot be had: its command line and JSON, the API over HTTPS, the oracle's judgement.

It proves that a program is shown the generated cluster and heard; that its judgement is clusterlint's, nobody claims.
"""

import argparse
import base64
import json
import re
import ssl
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from clusterlint_oracle import Doc, Oracle

SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
# What clusterlint fetches. Source: clusterlint kube/objects.go.
PATHS = {
    **{
        kind: f"/api/v1/{kind.lower()}s"
        for kind in ("Node", "PersistentVolume", "Pod", "PodTemplate", "PersistentVolumeClaim", "ConfigMap", "Secret", "Service")
    },
    "ServiceAccount": "/api/v1/serviceaccounts",
    "Namespace": "/api/v1/namespaces",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
    "CronJob": "/apis/batch/v1/cronjobs",
    "ValidatingWebhookConfiguration": f"{ADMISSION}/validatingwebhookconfigurations",
    "MutatingWebhookConfiguration": f"{ADMISSION}/mutatingwebhookconfigurations",
    "ValidatingAdmissionPolicy": f"{ADMISSION}/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": f"{ADMISSION}/validatingadmissionpolicybindings",
    "VolumeSnapshot": f"{SNAPSHOTS}/volumesnapshots",
    "VolumeSnapshotContent": f"{SNAPSHOTS}/volumesnapshotcontents",
}
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def context_of(config: dict[str, Any]) -> ssl.SSLContext:
    """TLS with the authority and the client certificate of a kubeconfig."""
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    with tempfile.TemporaryDirectory() as folder:
        for name in ("certificate", "key"):
            (Path(folder) / name).write_bytes(base64.b64decode(user[f"client-{name}-data"]))
        context.load_cert_chain(Path(folder) / "certificate", Path(folder) / "key")
    return context


def fetched(kubeconfig: str) -> list[Doc]:
    """All objects, each with its kind; a list that is not served is empty."""
    config = yaml.safe_load(Path(kubeconfig).read_text())
    context, server = context_of(config), config["clusters"][0]["cluster"]["server"]
    found: list[Doc] = []
    for kind, path in PATHS.items():
        try:
            # The server stands in a kubeconfig that the test wrote.
            with urllib.request.urlopen(f"{server}{path}", context=context) as answer:  # noqa: S310
                found += [{**item, "kind": kind} for item in json.load(answer)["items"]]
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
    return found


def main() -> None:
    """clusterlint --kubeconfig FILE --timeout TIME run -o json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--timeout")
    parser.add_argument("command", choices=["run"])
    parser.add_argument("-o", dest="output", choices=["json"])
    documents = fetched(parser.parse_args().kubeconfig)
    diagnostics = [
        {
            "Check": check,
            "Severity": "warning",
            "Kind": _WORD.sub(" ", kind).lower(),
            "Object": {"namespace": space, "name": name},
        }
        for check, kind, space, name in Oracle(documents).diagnostics()
    ]
    print(json.dumps({"Diagnostics": diagnostics or None, "Durations": {}}))


if __name__ == "__main__":
    main()
