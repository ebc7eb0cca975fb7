"""Small estates for the tests: a management cluster and a Harvester cluster from YAML text."""

import yaml

from rbac_audit.access import Authorizer, Binding
from rbac_audit.audit.estate import Estate, View
from rbac_audit.rancher.ownership import Ownership
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KubernetesObject


def objects(text: str) -> list[KubernetesObject]:
    """Decode every document of a YAML text."""
    found = [decode(document) for document in yaml.safe_load_all(text) if document]
    return [item for item in found if item is not None]


def harvester_view(harvester: str, rancher: str) -> View:
    """Join two clusters and return the Harvester one."""
    estate = Estate(Snapshot([Cluster("harvester", objects(harvester)), Cluster("rancher", objects(rancher))]))
    return next(view for view in estate.views if view.name == "harvester")


def verdicts(view: View) -> dict[str, Ownership]:
    """Verdicts by the binding's name."""
    return {binding.name: verdict for binding, verdict in view.ownership.items()}


def bindings(text: str) -> dict[str, Binding]:
    """Bindings of one cluster by name."""
    return {binding.name: binding for binding in Authorizer(Cluster("c", objects(text))).bindings}
