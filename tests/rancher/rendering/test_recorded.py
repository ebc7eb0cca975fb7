"""What is predicted is what stands in the example estates, and what Rancher's own controllers wrote."""

from pathlib import Path

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.rancher.rendering import render, render_with_owners
from rbac_audit.rancher.rendering.sheet import Presence
from rbac_audit.snapshot.objects import KubernetesObject
from rbac_audit.sources import SourceSpec, read_estate
from tests.rancher.rendering.recorded import Key, Shape, predicted, written

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ("lived-in", "tenancy-legacy", "tenancy-aggregated")


def prediction(source: Path, *, aggregated: bool) -> tuple[Estate, dict[str, dict[Key, Shape]]]:
    estate = Estate(read_estate([SourceSpec.parse(str(source))]))
    (rancher,) = estate.ranchers
    clusters = {view.rancher_id: view.cluster for view in estate.views}
    made = render(rancher, clusters, aggregated_model=aggregated)
    return estate, {view.name: predicted(made[view.rancher_id]) for view in estate.views}


@pytest.mark.parametrize("name", EXAMPLES)
def test_all_that_has_to_be_in_an_example_is_in_it(name: str) -> None:
    estate = Estate(read_estate([SourceSpec.parse(str(ROOT / "examples" / name))]))
    (rancher,) = estate.ranchers
    clusters = {view.rancher_id: view.cluster for view in estate.views}
    sheets = render_with_owners(rancher, clusters, aggregated_model=bool(rancher.aggregated))
    for view in estate.views:
        there: tuple[KubernetesObject, ...] = tuple(item for items in view.cluster.objects.values() for item in items)
        required = (made.item for made in sheets[view.rancher_id].values() if made.presence is Presence.REQUIRED)
        found, wanted = predicted(tuple(required)), predicted(there)
        assert found
        assert {key: wanted.get(key) for key in found} == found


@pytest.mark.parametrize("model", ["legacy", "aggregated"])
@pytest.mark.parametrize("cluster", ["rancher-local", "harvester-cluster"])
def test_what_the_controllers_wrote_is_what_is_predicted(shared_data: Path, model: str, cluster: str) -> None:
    folder = shared_data / "rendering-example" / model
    wanted = written(folder, cluster)
    # Kubernetes, not Rancher, makes it.
    wanted.pop(("ServiceAccount", "cattle-impersonation-system", "default"), None)
    _, found = prediction(folder / "input", aggregated=model == "aggregated")
    # Ready-made ClusterRoles that get a label are no new objects.
    labelled = {"admin", "edit", "view", "cluster-admin"} if model == "aggregated" else set()
    kept = {key: item for key, item in found[cluster].items() if key[0] != "ClusterRole" or key[2] not in labelled}
    assert kept == wanted
