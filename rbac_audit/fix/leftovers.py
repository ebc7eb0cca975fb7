"""What a deleted import, or a deleted role, left on the cluster: what of it can go, and what only a person can delete.

A step has an inverse. Secrets, accounts with their tokens, and Deployments cannot be brought back from what this tool
reads and keeps, so they are named with the command, and never deleted. Nor is namespace cattle-system, in which the
Rancher lives that Harvester itself needs. Source: harvester
pkg/controller/master/setting/cluster_registration_url.go, rancher pkg/systemtemplate/template.go.
"""

from collections.abc import Iterable, Iterator, Mapping

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Finding
from rbac_audit.fix.draft import Draft
from rbac_audit.fix.effects import consequence
from rbac_audit.fix.objects import manifest, target, touched
from rbac_audit.fix.plan import Creation, Edits, Refusal, ref_of
from rbac_audit.fix.refusals import Why, owned_by
from rbac_audit.fix.remove import is_left_over
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Deployment,
    HarvesterSetting,
    KubernetesObject,
    ObjectRef,
    Role,
)

AGENT = "leftover-cluster-admin-agent"
LEFT = (AGENT, "stuck-import")
_REGISTRATION = "cluster-registration-url"
_ADMIN_BINDING, _ADMIN_ROLE = "cattle-admin-binding", "cattle-admin"
_NO_WAY_BACK = "it holds what is not read and cannot be brought back, so no step deletes it"


class Leftovers:
    """Plans what can go of what Rancher left on one cluster."""

    def __init__(self, view: View) -> None:
        """Index what may have been left."""
        self._view = view
        kinds: tuple[type[KubernetesObject], ...] = (ClusterRole, Role, ClusterRoleBinding)
        self._there = {item.ref(view.name): item for kind in kinds for item in view.cluster.of(kind)}

    def plan(self, findings: Iterable[Finding], earlier: Iterable[Draft]) -> Iterator[Draft | Refusal]:
        """Plan each finding; `earlier` are the steps that delete bindings before."""
        going = {ref_of(place): draft for draft in earlier for place in draft.do.deletes}
        for finding in findings:
            if finding.rule == AGENT:
                yield from self._agent(finding)
            elif finding.rule in LEFT:
                reason = "the import is there, only stuck: nobody knows whether it is still wanted"
                yield _refusal(finding.object, Why(reason, finding.fix.text))
            elif is_left_over(finding):
                yield from self._orphan(finding, going)

    def _agent(self, finding: Finding) -> Iterator[Draft | Refusal]:
        """Take the rights of an agent that is gone; what may be needed by an import that lives is left alone."""
        left = [ref for ref in (finding.object, *finding.related) if ref.kind not in {"Setting", "Deployment"}]
        if why := self._alive(finding):
            yield _refusal(finding.object, why)
            return
        for ref in left:
            if ref.name == _ADMIN_BINDING and ref in self._there:
                yield self._admin(ref, finding)
            else:
                yield _refusal(ref, Why(_NO_WAY_BACK, _delete(ref)))

    def _alive(self, finding: Finding) -> Why | None:
        """Say what speaks for an import that is wanted, or for not knowing."""
        view = self._view
        setting = next((item for item in view.cluster.of(HarvesterSetting) if item.name == _REGISTRATION), None)
        agent = next((item for item in view.cluster.of(Deployment) if item.name == "cattle-cluster-agent"), None)
        if agent is not None:
            reason = f"{agent} is there: if a Rancher still has this cluster, that is how it reaches it"
            return Why(reason, f"make sure that no Rancher has it, then {_delete(agent.ref())}; then plan again")
        if setting is None:
            reason = f"setting {_REGISTRATION} was not read, so an import may be going on"
            return Why(reason, "collect settings.harvesterhci.io as well, then plan again")
        if setting.registration is not None:
            return Why(f"setting {_REGISTRATION} is set, so an import may be going on", finding.fix.text)
        if view.rancher is not None and view.rancher.cluster is not view.cluster:
            reason = f"the Rancher of {view.rancher.cluster.name} has this cluster as {view.rancher_id}"
            return Why(reason, "delete it there first if it is not wanted, then plan again")
        return None

    def _admin(self, ref: ObjectRef, finding: Finding) -> Draft | Refusal:
        """Delete the binding that makes the agent's account cluster-admin, and its role where nothing else binds it."""
        binding = self._there[ref]
        role = self._there.get(ObjectRef(ref.api_group, "ClusterRole", _ADMIN_ROLE, "", ref.cluster))
        others = [item for item in self._view.access.by_role.get(("", _ADMIN_ROLE), ()) if item.source is not binding]
        items = [binding, *([role] if role is not None and not others else [])]
        return self._deletion("remove", items, finding)

    def _orphan(self, finding: Finding, going: Mapping[ObjectRef, Draft]) -> Iterator[Draft | Refusal]:
        refs = (finding.object, *finding.related)
        items: list[KubernetesObject] = [self._there[ref] for ref in refs if ref in self._there]
        if len(items) < len(refs) or finding.object.name.startswith("cattle-impersonation-"):
            reason = "an account's token cannot be brought back, so no step deletes what is made for one"
            yield _refusal(finding.object, Why(reason, "; ".join(map(_delete, refs))))
            return
        bound = [item for role in items for item in self._view.access.by_role.get((role.namespace, role.name), ())]
        before: dict[Draft, None] = {}
        for binding in bound:
            # A step may take only some of the subjects: the others hold the role by it still.
            if (draft := going.get(binding.source.ref(self._view.name))) is None:
                reason = f"{binding.source} binds it, and no step of this plan takes that away"
                yield _refusal(finding.object, Why(reason, "convert or delete that binding, then plan again"))
                return
            before[draft] = None
        yield self._deletion("remove-role", items, finding, tuple(before))

    def _deletion(
        self, action: str, items: list[KubernetesObject], finding: Finding, before: tuple[Draft, ...] = ()
    ) -> Draft | Refusal:
        name = self._view.name
        for item in items:
            if mark := owned_by(item.metadata):
                reason = f"{item} is written from elsewhere ({mark}) and would come back"
                return _refusal(finding.object, Why(reason, "delete it where it comes from"))
            if item.metadata.deletion_timestamp or item.metadata.finalizers:
                reason = f"{item} is being deleted or has a finalizer"
                return _refusal(finding.object, Why(reason, "see who holds it, then plan again"))
        do = Edits(deletes=tuple(target(item, name) for item in items))
        result = consequence(self._view, do, since=(Edits(deletes=draft.do.deletes) for draft in before))
        if result.leaderless:
            reason = f"nobody who may be a person would administer {result.leaderless[0] or 'the cluster'} any more"
            return _refusal(finding.object, Why(reason, "make somebody an administrator first, then plan again"))
        back = tuple(Creation(cluster=name, manifest=manifest(item)) for item in reversed(items))
        return Draft(
            action=action,
            title=f"delete {', '.join(map(str, items[:3]))}" + (f" and {len(items) - 3} more" if items[3:] else ""),
            sources=tuple(item.ref(name) for item in items),
            decisions=(f"rule {finding.rule}: {finding.fix.text}",),
            effects=result.effects,
            do=do,
            undo=Edits(creates=back),
            preconditions=tuple(touched(item, name) for item in items),
            after=before,
        )


def _refusal(ref: ObjectRef, why: Why) -> Refusal:
    return Refusal(object=str(ref), reason=why.reason, manual=why.manual)


def _delete(ref: ObjectRef) -> str:
    """Write the command that deletes an object."""
    place = f" -n {ref.namespace}" if ref.namespace else ""
    return f"kubectl{place} delete {ref.kind.lower()} {ref.name}"
