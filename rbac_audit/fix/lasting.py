"""What Rancher's own bindings give a subject: that stays when raw ones go."""

from collections.abc import Iterable

from rbac_audit.access import Binding
from rbac_audit.audit.estate import View
from rbac_audit.fix.holdings import Holdings
from rbac_audit.fix.rights import Cover
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.ownership import Claim
from rbac_audit.snapshot.objects import Subject


class Lasting:
    """The bindings that Rancher makes on a cluster from what is not being deleted."""

    def __init__(self, view: View, rancher: Rancher, here: Holdings) -> None:
        """Look at one cluster."""
        self._view, self._rancher, self._here = view, rancher, here

    def of(self, subject: Subject, namespace: str) -> list[Binding]:
        """Find those that reach a subject in a namespace."""
        return [item for item in self._here.bindings(subject, namespace) if self._lasts(item)]

    def cover(self, bindings: Iterable[Binding]) -> Cover:
        """Add up what they give."""
        return self._here.cover(frozenset(item.role for item in bindings))

    def owners(self, binding: Binding) -> list[Owner]:
        """List from what Rancher makes a binding, but for what is being deleted."""
        return [owner for owner in self._view.ownership[binding].owners if not self._is_leaving(owner)]

    def _lasts(self, binding: Binding) -> bool:
        verdict = self._view.ownership[binding]
        stays = not verdict.owners or bool(self.owners(binding))
        return verdict.claim is Claim.HOLDS and not verdict.other_model and stays

    def _is_leaving(self, owner: Owner) -> bool:
        template = isinstance(owner, TemplateBinding) and self._rancher.templates.closure(owner.template).leaving
        return template or bool(owner.source.metadata.deletion_timestamp)
