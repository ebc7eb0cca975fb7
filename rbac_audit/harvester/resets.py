"""When the part that ships an object writes it again by itself, without anybody's doing.

Source: kubernetes pkg/registry/rbac/rest/storage_rbac.go (ensureRBACPolicy adds what is missing and leaves what is
more), kubevirt pkg/virt-operator/resource/apply/rbac.go (changeExistingSubjectsByRequired), harvester pkg/data/add.go
(Init) and package/upgrade/upgrade_manifests.sh.
"""

# harvester pkg/data/rbac.go: applied at every start, while the chart's own objects wait for an upgrade.
_STARTING = frozenset({"harvester-public", "harvester-authenticated"})
_OPERATORS = {"kubevirt": "virt-operator", "cdi": "cdi-operator"}


def resets(component: str, kind: str, name: str, *, more: bool) -> str:
    """Say who resets a changed object of a component when; `more` says that somebody added to it."""
    if component == "kubernetes":
        return (
            "the API server leaves there what was added"
            if more
            else "the API server gives back what is missing at its next start"
        )
    if component in _OPERATORS:
        return f"{_OPERATORS[component]} resets it {'soon' if kind.endswith('Role') else 'at the next upgrade'}"
    if component == "harvester" and name in _STARTING:
        return "Harvester resets it at its next start"
    if component == "rancher":
        return "Rancher resets it at its next start"
    return "the next upgrade of its chart resets it"
