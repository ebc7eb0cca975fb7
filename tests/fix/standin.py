"""Rancher's controllers as far as an apply needs them, written from what was seen of Rancher v2.15.

It shares no code with the rendering that it stands in for. Switches make it slow, partial or absent.
"""

import base64
import hashlib
import sys
import threading
import time
import traceback
from collections.abc import Iterator

from tests.controlplane.api import Api, ApiError
from tests.controlplane.connections import Object

RBAC, MANAGEMENT = "rbac.authorization.k8s.io/v1", "management.cattle.io/v3"
FINALIZER = "controller.cattle.io/mgmt-auth-prtb-controller"
LEGACY, AGGREGATED = "authz.cluster.cattle.io/rtb-owner-updated", "authz.cluster.cattle.io/prtb-owner-"


def rb_name(namespace: str, role: str, kind: str, name: str) -> str:
    text = f"{namespace}ClusterRole{role}{kind}{name}"
    return "rb-" + base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:10]


class StandIn:
    """Makes RoleBindings of project role template bindings while the block runs."""

    def __init__(self, management: Api, harvester: Api, *, aggregated: bool = False) -> None:
        self.management, self.harvester, self.aggregated = management, harvester, aggregated
        self.delay = 0.0
        self.skipped: set[str] = set()
        self.paused = False
        self.faults: list[str] = []
        self.passing: list[str] = []
        self.rounds = 0
        self.deduplicated = 0
        self._seen: dict[str, float] = {}
        # What was there before it came is the work of a real Rancher, and left alone.
        self._before = {item["metadata"]["uid"] for item in self._bindings()}
        self._made: set[tuple[str, str]] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "StandIn":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def where(self) -> str:
        """Say what it is doing, for who waits for it in vain."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        doing = "".join(traceback.format_stack(frame)) if frame else "nothing"
        return f"stand-in: paused {self.paused}, skipped {self.skipped}, {self.rounds} rounds, refused {self.passing[-3:]}, {doing}"

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self.paused:
                try:
                    self._sync()
                except ApiError as error:
                    # What changed meanwhile is seen in the next round.
                    self.passing.append(str(error))
                    if error.status not in {404, 409}:
                        self.faults.append(str(error))
            time.sleep(0.02)

    def _sync(self) -> None:
        self.rounds += 1
        templates = {item["metadata"]["name"]: item for item in self.management.objects(MANAGEMENT, "RoleTemplate")}
        bindings = [item for item in self._bindings() if item["metadata"]["uid"] not in self._before]
        namespaces = self.harvester.objects("v1", "Namespace")
        there = {
            (item["metadata"]["namespace"], item["metadata"]["name"]): item
            for item in self.harvester.objects(RBAC, "RoleBinding")
        }
        bindings = list(self._oldest(bindings))
        wanted: dict[tuple[str, str], Object] = {}
        for item in bindings:
            metadata = item["metadata"]
            if metadata.get("deletionTimestamp"):
                continue
            if time.monotonic() - self._seen.setdefault(metadata["uid"], time.monotonic()) < self.delay:
                continue
            self._adopt(item)
            for made in self._rendered(item, templates, namespaces, there):
                wanted[made["metadata"]["namespace"], made["metadata"]["name"]] = made
        for key, made in wanted.items():
            if key not in there:
                self.harvester.create(made)
                self._made.add(key)
        for key in self._made & there.keys():
            if key not in wanted and self._is_owned(there[key]) and not self._is_waiting(bindings):
                self.harvester.delete(RBAC, "RoleBinding", key[1], key[0])
        for item in bindings:
            self._let_go(item, templates)

    def restart(self) -> None:
        """Forget what is only known from having watched, as a new process does."""
        self._seen.clear()

    def _oldest(self, bindings: list[Object]) -> Iterator[Object]:
        """Delete duplicates, of which the oldest stays (v2.15 management/auth/roletemplates, deleteDuplicatePRTBs)."""
        kept: set[tuple[str, ...]] = set()
        for item in sorted(bindings, key=lambda one: (one["metadata"]["creationTimestamp"], one["metadata"]["name"])):
            metadata = item["metadata"]
            names = ("userPrincipalName", "userName", "groupPrincipalName", "groupName")
            subject = next((item[name] for name in names if item.get(name)), "")
            key = (metadata["namespace"], subject, item["roleTemplateName"], item["projectName"])
            if key in kept and not metadata.get("deletionTimestamp"):
                self.deduplicated += 1
                self.management.delete(
                    MANAGEMENT, "ProjectRoleTemplateBinding", metadata["name"], metadata["namespace"]
                )
            kept |= set() if metadata.get("deletionTimestamp") else {key}
            yield item

    def _bindings(self) -> list[Object]:
        return self.management.objects(MANAGEMENT, "ProjectRoleTemplateBinding")

    def _is_waiting(self, bindings: list[Object]) -> bool:
        return any(
            time.monotonic() - self._seen.get(item["metadata"]["uid"], time.monotonic()) < self.delay
            for item in bindings
        )

    def _is_owned(self, item: Object) -> bool:
        return any(key.startswith((LEGACY, AGGREGATED)) for key in item["metadata"].get("labels") or {})

    def _adopt(self, item: Object) -> None:
        """Set the finalizer and the other name of a user, as reconcileSubject does."""
        metadata = item["metadata"]
        user = item.get("userName")
        if FINALIZER in (metadata.get("finalizers") or ()) and (not user or item.get("userPrincipalName")):
            return
        more = {"userPrincipalName": item.get("userPrincipalName") or f"local://{user}"} if user else {}
        self._put({**item, **more, "metadata": {**metadata, "finalizers": [FINALIZER]}})

    def _let_go(self, item: Object, templates: dict[str, Object]) -> None:
        """Remove the finalizer, which the webhook lets nobody do once the role template is gone."""
        metadata = item["metadata"]
        if metadata.get("deletionTimestamp") and item["roleTemplateName"] in templates:
            self._put({**item, "metadata": {**metadata, "finalizers": []}})

    def _put(self, item: Object) -> None:
        """Write what was read; an object that is another one by now is seen in the next round."""
        metadata = item["metadata"]
        resource = self.management.discovery.find(item["apiVersion"], item["kind"])
        self.management.call("PUT", resource.path(metadata["namespace"], metadata["name"]), item)

    def _rendered(
        self, item: Object, templates: dict[str, Object], namespaces: list[Object], there: dict[tuple[str, str], Object]
    ) -> Iterator[Object]:
        kind, name = ("User", item["userName"]) if item.get("userName") else ("Group", item["groupPrincipalName"])
        roles = list(self._roles(item["roleTemplateName"], templates))
        space = f"{item['metadata']['namespace']}_{item['metadata']['name']}"
        labels = {f"{AGGREGATED}{item['metadata']['name']}"[:63]: "true"} if self.aggregated else {LEGACY: space}
        for namespace in sorted(one["metadata"]["name"] for one in namespaces if self._is_in(one, item)):
            if namespace in self.skipped:
                continue
            for role in roles:
                made = rb_name(namespace, role, kind, name)
                old = there.get((namespace, made))
                if old is not None and not self._is_owned(old):
                    if self.aggregated:
                        return
                    continue
                yield {
                    "apiVersion": RBAC,
                    "kind": "RoleBinding",
                    "metadata": {"name": made, "namespace": namespace, "labels": labels},
                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}],
                }

    def _is_in(self, namespace: Object, item: Object) -> bool:
        annotations: Object = namespace["metadata"].get("annotations") or {}
        return bool(annotations.get("field.cattle.io/projectId") == item["projectName"])

    def _roles(self, name: str, templates: dict[str, Object]) -> Iterator[str]:
        """Make the ClusterRoles of a template, and name those that are bound."""
        template = templates.get(name)
        if template is None:
            return
        parents = template.get("roleTemplateNames") or []
        inherited = [role for parent in parents for role in self._roles(parent, templates)]
        if not template.get("external"):
            self._role(name, {"rules": template.get("rules") or []}, {"management.cattle.io/aggregates": name})
        if not self.aggregated:
            yield name
            yield from inherited
            return
        selectors = [
            {"matchLabels": {"management.cattle.io/aggregates": one}}
            for one in (name, *(f"{parent}-aggregator" for parent in parents))
        ]
        rule = {"clusterRoleSelectors": selectors}
        self._role(
            f"{name}-aggregator",
            {"rules": [], "aggregationRule": rule},
            {"management.cattle.io/aggregates": f"{name}-aggregator"},
        )
        yield name if template.get("external") else f"{name}-aggregator"

    def _role(self, name: str, content: Object, labels: dict[str, str]) -> None:
        try:
            self.harvester.create(
                {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": name, "labels": labels}, **content}
            )
        except ApiError as error:
            if error.status != 409:
                raise
