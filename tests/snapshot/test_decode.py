"""Decoding: any JSON is an object, another kind or a ValidationError; and both ways of decoding agree."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.snapshot.decode import decode, decode_json, head_of
from rbac_audit.snapshot.objects import KINDS, HarvesterSetting, Kind, KubernetesObject, RancherSetting, Role, Secret
from rbac_audit.snapshot.reshape import Raw

# Field names that some kind reads, so that random JSON gets past the first look.
FIELDS = [
    "metadata",
    "spec",
    "status",
    "data",
    "stringData",
    "type",
    "value",
    "default",
    "rules",
    "roleRef",
    "subjects",
    "token",
    "GroupPrincipals",
    "Items",
    "UserName",
    "containers",
    "env",
    "containerStatuses",
    "state",
    "waiting",
    "template",
    "jobTemplate",
    "name",
    "namespace",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "verbs",
    "apiGroups",
    "resourceQuota",
    "limit",
    "enabled",
    "url",
    "insecureSkipTLSVerify",
    "kind",
    "principalIds",
    "namespacedRules",
    "inheritedNamespacedRules",
    "conditions",
    "aggregationRule",
    "clusterRoleSelectors",
    "matchLabels",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["x", "{}", '{"url": 5}', "http://["]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=15,
)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8)
METADATA = st.fixed_dictionaries(
    {"name": st.sampled_from(["x", "cluster-registration-url", "server-url"])},
    optional={
        "annotations": st.none()
        | st.dictionaries(st.sampled_from(["field.cattle.io/projectId", "y"]), st.text(max_size=3))
    },
)


def _raw(kind: Kind, fields: Raw) -> Raw:
    return {**fields, "apiVersion": f"{kind.group}/v1".removeprefix("/"), "kind": kind.kind}


def _outcome(raw: Raw) -> KubernetesObject | str | None:
    try:
        return decode(raw)
    except msgspec.ValidationError as error:
        return f"refused {error}"


def _outcome_of_text(text: bytes) -> KubernetesObject | str | None:
    try:
        api_version, kind = head_of(text)
        return decode_json(text, api_version.rpartition("/")[0], kind)
    except msgspec.ValidationError as error:
        return f"refused {error}"


@given(st.sampled_from(KINDS), OBJECTS, st.none() | METADATA)
def test_any_json_is_decoded_or_refused_and_both_ways_alike(kind: Kind, fields: Raw, metadata: Raw | None) -> None:
    raw = _raw(kind, fields if metadata is None else {**fields, "metadata": metadata})
    text = msgspec.json.encode(raw)
    assert _outcome_of_text(text) == _outcome(msgspec.json.decode(text))


@given(JSON)
def test_what_has_no_kind_is_refused(value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="apiVersion and kind must be texts"):
        decode({"metadata": value})


def test_a_decoded_object_knows_nothing_of_the_manifest() -> None:
    raw = _raw(Role, {"metadata": {"name": "a", "annotations": {"x": "y"}, "managedFields": [{}]}, "x": 1})
    assert decode(raw) == Role(metadata=msgspec.convert({"name": "a"}, type(decode(raw).metadata)))  # type: ignore[union-attr]  # a Role
    assert raw["metadata"]["annotations"] == {"x": "y"}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("field.cattle.io/projectId", True),
        ("field.cattle.io/description", False),
        ("field.cattle.io/creatorId", True),
        ("authz.cluster.cattle.io/clusterrole-owner", True),
        ("authz.management.cattle.io/creator-role-bindings", True),
        ("lifecycle.cattle.io/create.namespace-auth", True),
        ("management.cattle.io/aggregates", True),
        ("management.cattle.io/other", False),
        ("meta.helm.sh/release-name", True),
        ("objectset.rio.cattle.io/id", True),
        ("objectset.rio.cattle.io/owner-name", True),
        ("objectset.rio.cattle.io/applied", False),
        ("argocd.argoproj.io/tracking-id", True),
        ("argocd.argoproj.io/x", False),
        ("fleet.cattle.io/bundle-id", True),
        ("auth.cattle.io/principal-display-name", False),
        ("kubectl.kubernetes.io/last-applied-configuration", False),
        ("", False),
    ],
)
def test_annotations_that_say_whose_an_object_is_are_kept(name: str, *, kept: bool) -> None:
    raw = _raw(Role, {"metadata": {"name": "a", "annotations": {name: "x"}}})
    for item in (decode(raw), decode_json(msgspec.json.encode(raw), Role.group, Role.kind)):
        assert item is not None
        assert item.metadata.annotations == ({name: "x"} if kept else {})


def test_a_secret_is_the_names_of_its_keys() -> None:
    fields = {"metadata": {"name": "a"}, "type": "Opaque", "data": {"b": "eA=="}, "stringData": {"a": "x", "b": "y"}}
    found = decode(_raw(Secret, fields))
    assert isinstance(found, Secret)
    assert (found.type, found.keys) == ("Opaque", ("a", "b"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://r.example/v3/import/x_c.yaml", ("https", "r.example", True, True)),
        ('{"url": "http://r.example:8443/x"}', ("http", "r.example", False, False)),
        ('{"url": "https://r.example/x", "insecureSkipTLSVerify": true}', ("https", "r.example", False, True)),
        ("K10x::server:y", ("", "", True, True)),
        ("//u:p@host/x", ("", "", True, True)),
    ],
)
def test_registration_urls(value: str, expected: tuple[str, str, bool, bool]) -> None:
    found = decode(_raw(HarvesterSetting, {"metadata": {"name": "cluster-registration-url"}, "value": value}))
    assert isinstance(found, HarvesterSetting)
    assert found.registration is not None
    assert tuple(getattr(found.registration, field) for field in found.registration.__struct_fields__) == expected


@pytest.mark.parametrize("value", ["{", '{"url": "http://["}', '{"url": ' + "[" * 100_000])
def test_what_is_no_registration_url_is_told_without_its_text(value: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"^value is neither a URL nor JSON with a url$"):
        decode(_raw(HarvesterSetting, {"metadata": {"name": "cluster-registration-url"}, "value": value}))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:p@rancher.example/x", "https://rancher.example/x"),
        ("https://u:p@q@rancher.example", "https://rancher.example"),
        ("https://rancher.example/x@1", "https://rancher.example/x@1"),
        ("https://rancher.example", "https://rancher.example"),
        ("", ""),
    ],
)
def test_the_url_of_rancher_has_no_password(url: str, expected: str) -> None:
    found = decode(_raw(RancherSetting, {"metadata": {"name": "server-url"}, "value": url, "default": url}))
    assert isinstance(found, RancherSetting)
    assert (found.value, found.default) == (expected, expected)
