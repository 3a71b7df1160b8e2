"""Custom resources in several versions: stored in one, shown in each.

Owns which definition converts how (strategy None, a webhook at a url, or conversions of this process given by name), and a
view of the registry that takes and gives objects in one version. What an answer must be like is `crd.contract`'s. Source:
apiextensions-apiserver pkg/apiserver/conversion.
"""

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

from underway.crd import pipeline
from underway.crd.contract import Refused, accepted, request_of, review_version
from underway.crd.conversion import Conversions, Converted
from underway.crd.defaults import copied
from underway.crd.definition import definition_of
from underway.crd.go_values import written
from underway.kube.resource import Resource
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.status import StatusError
from underway.sim.store import Object

TIMEOUT_S = 10.0  # the real server waits 30 s; nobody who runs an embedded one wants to


def storage_of(definition: Object) -> str:
    """The name of the storage version."""
    return next((version["name"] for version in definition["spec"]["versions"] if version.get("storage")), "")


class Versions:
    """How the objects of one definition are converted. conversions: of this process, None to do as the definition says."""

    def __init__(self, definition: Object, conversions: Conversions | None, uid: Callable[[], str]) -> None:
        self._definition, self._uid = definition, uid
        self._group = definition["spec"]["group"]
        self._conversions = conversions
        self._compiled = definition_of(definition)
        self.storage = storage_of(definition)

    def convert(self, values: Sequence[Object], version: str) -> list[Object]:
        """The objects in a version. Raises StatusError 500 if one cannot be converted: then none is shown."""
        desired = f"{self._group}/{version}"
        others = [value for value in values if value["apiVersion"] != desired]
        if not others:
            return list(values)
        made = iter(self._converted(others, desired, version))
        return [value if value["apiVersion"] == desired else self._held(next(made), version) for value in values]

    def read(self, values: Sequence[Object], version: str) -> list[Object]:
        """Stored objects in a version: with the defaults of the version that they were stored in, then converted."""
        return self.convert([self._decoded(value) for value in values], version)

    def _decoded(self, value: Object) -> Object:
        source = self._compiled.version_of(value)
        return value if source is None or source.node is None else pipeline.storage(copied(value), source).value

    def _held(self, value: Object, version: str) -> Object:
        """What stays of a converted object: no default is set any more."""
        target = self._compiled.versions.get(version)
        return value if target is None or target.node is None else pipeline.conversion(copied(value), target).value

    def _converted(self, values: list[Object], desired: str, version: str) -> list[Object]:
        conversion = self._definition["spec"].get("conversion") or {}
        if self._conversions is not None:
            return [_here(self._conversions, value, version) for value in values]
        if conversion.get("strategy", "None") == "None":
            return [{**value, "apiVersion": desired} for value in values]
        return self._asked(values, desired, conversion.get("webhook") or {})

    def _asked(self, values: list[Object], desired: str, webhook: Object) -> list[Object]:
        """Ask the webhook, as the real server does: one review for all."""
        version = review_version(webhook.get("conversionReviewVersions") or ())
        if not version:
            raise _failed("no supported conversion review versions")
        uid = self._uid()
        what = f"conversion webhook for {values[0]['apiVersion']}, Kind={values[0]['kind']}"
        try:
            answer = _post(webhook.get("clientConfig") or {}, request_of(values, desired, uid, version))
        except (OSError, ValueError) as error:
            raise _failed(f"{what} failed: {getattr(error, 'reason', None) or error}") from None
        outcome = accepted(answer, values, desired, uid, version)
        if isinstance(outcome, Refused):
            raise _failed(outcome.message)
        return outcome


def _here(conversions: Conversions, value: Object, version: str) -> Object:
    """Convert in this process. Raises StatusError 500."""
    outcome = conversions.convert(value, version)
    if isinstance(outcome, Converted):
        return outcome.object
    raise _failed(f"conversion webhook for {value['apiVersion']}, Kind={value['kind']} failed: {outcome.reason}")


def _failed(message: str) -> StatusError:
    return StatusError(500, "", message)


def _post(client: Object, review: Object) -> Any:
    """Raises OSError or ValueError."""
    url = client.get("url", "")
    if not url.startswith("https://"):
        raise ValueError("the embedded API server reaches webhooks by clientConfig.url alone; there are no Services")
    authorities = base64.b64decode(client.get("caBundle", "")).decode()
    context = ssl.create_default_context(cadata=authorities or None)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = urllib.request.Request(url, json.dumps(review).encode(), headers)  # noqa: S310  https, as looked at above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as answer:  # noqa: S310
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise ValueError(f'Post "{url}": {error.code}: {error.read(500).decode(errors="replace").strip()}') from None


class View(Registry):
    """A registry that takes and gives the objects of one definition in one version, whatever they are stored in."""

    def __init__(self, base: Registry, versions: Versions) -> None:
        self.__dict__ |= base.__dict__
        self._base, self._versions = base, versions

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """As Registry.find."""
        found = self._base.find(resource, namespace, name)
        return None if found is None else self._shown(found, resource)

    def shown(self, values: list[Object], resource: Resource) -> list[Object]:
        """Stored objects in the version of a resource, converted all at once."""
        return self._versions.read(values, resource.version)

    def create(self, resource: Resource, value: Object, *, dry_run: bool = False) -> Object:
        """As Registry.create."""
        return self._shown(self._base.create(resource, self._stored(value, resource), dry_run=dry_run), resource)

    def update(self, resource: Resource, value: Object, subresource: str = "", *, dry_run: bool = False) -> Object:
        """As Registry.update."""
        stored = self._stored(value, resource)
        return self._shown(self._base.update(resource, stored, subresource, dry_run=dry_run), resource)

    def delete(self, resource: Resource, namespace: str, name: str, **options: Any) -> Object:
        """As Registry.delete."""
        return self._shown(self._base.delete(resource, namespace, name, **options), resource)

    def _shown(self, value: Object, resource: Resource) -> Object:
        return self._versions.read([value], resource.version)[0]

    def _stored(self, value: Object, resource: Resource) -> Object:
        """What is written, in the storage version."""
        named = {"apiVersion": resource.api_version, "kind": resource.kind, **written(value)}
        return self._versions.convert([named], self._versions.storage)[0]
