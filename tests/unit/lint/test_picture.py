"""The picture: who owns whom, and through which object a workload is looked at."""

from linting import picture
from underway.lint.objects.pod import Pod

WEB = """
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop},
 spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1"}]}}}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, namespace: shop,
 ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: d, controller: true}]}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-1-a, namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z",
 labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r, controller: true}]},
 spec: {containers: [{name: web, image: "web:1"}, {name: proxy, image: "proxy:1"}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-1-b, namespace: shop, creationTimestamp: "2026-01-02T00:00:00Z",
 labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r, controller: true}]},
 spec: {containers: [{name: web, image: "web:2"}, {name: proxy, image: "proxy:1"}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}}}
---
{apiVersion: v1, kind: Service, metadata: {name: all, namespace: shop}, spec: {}}
"""


def test_a_workload_is_looked_at_once_through_its_newest_pod() -> None:
    seen = picture(WEB)
    (subject,) = seen.subjects()
    assert subject.about.key == ("Deployment", "shop", "web")
    assert [pod.name for pod in subject.pods] == ["web-1-b", "web-1-a"]
    assert [placed.path for placed in subject.containers] == [
        'spec.template.spec.containers[name="web"]',
        'spec.template.spec.containers[name="proxy"]',
    ]
    assert next(subject.containers).container.image == "web:2"
    assert [service.name for service in seen.services_of(subject)] == ["web"]


def test_a_patch_changes_the_template_and_nothing_that_was_injected() -> None:
    (subject,) = picture(WEB).subjects()
    web, proxy = subject.containers
    patch = subject.container_patch(web, {"image": "web:3"})
    assert patch is not None
    assert patch.body == {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:3"}]}}}}
    assert subject.container_patch(proxy, {"image": "proxy:2"}) is None


def test_pods_can_be_looked_at_one_by_one() -> None:
    assert [subject.about.name for subject in picture(WEB).subjects(per_pod=True)] == ["web-1-a", "web-1-b"]


def test_a_circle_of_owners_ends_where_it_closes() -> None:
    text = """
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: a, namespace: shop,
 ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: b, uid: b, controller: true}]}, spec: {}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: b, namespace: shop,
 ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: a, uid: a, controller: true}]}, spec: {}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop,
 ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: a, uid: a, controller: true}]}, spec: {}}
"""
    seen = picture(text)
    (pod,) = seen.of(Pod)
    assert [owner.name for owner in seen.owners(pod)] == ["a", "b"]


def test_an_owner_that_was_not_read_is_known_by_its_name() -> None:
    text = """
{apiVersion: v1, kind: Pod, metadata: {name: pg-1, namespace: shop,
 ownerReferences: [{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: pg, uid: c, controller: true}]},
 spec: {containers: [{name: postgres, image: "pg:17"}]}}
"""
    (subject,) = picture(text).subjects()
    assert subject.about.key == ("Cluster", "shop", "pg")
    assert subject.patch({}) is None
