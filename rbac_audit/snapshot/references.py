"""What an object refers to in other namespaces, out of its fields and annotations; all else of it is dropped.

What lies in harvester-public is for everybody, and nearly every machine is made of it: that is not kept either.

Source: harvester/harvester pkg/util/constants.go (imageId, volumeClaimTemplates), pkg/builder/vm.go (sshNames),
pkg/apis/harvesterhci.io/v1beta1 (image.go, template.go, backup.go), kubevirt/api core/v1 (MultusNetwork,
DataVolumeTemplateSpec), kubevirt/containerized-data-importer-api core/v1beta1 (DataVolumeSource).
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any  # a manifest is untyped JSON until it is decoded

import msgspec

from rbac_audit.snapshot.objects import NetworkConfig, Reference
from rbac_audit.snapshot.objects.harvester import HARVESTER
from rbac_audit.snapshot.reshape import Raw, listed, mapping

_IMAGE_ID = "harvesterhci.io/imageId"
_CLAIMS = "harvesterhci.io/volumeClaimTemplates"
_KEYS = "harvesterhci.io/sshNames"
_IMAGE = "VirtualMachineImage.harvesterhci.io"
_KEY_PAIR = "KeyPair.harvesterhci.io"
_NETWORK = "NetworkAttachmentDefinition.k8s.cni.cncf.io"
_PUBLIC = "harvester-public"
# Annotations are free text: what is no name of a Kubernetes object is not kept.
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
_PLACE = re.compile(r"([a-z0-9][a-z0-9.-]{0,252})/([a-z0-9][a-z0-9.-]{0,252})")

# Of JSON inside of a text, which is no worse than JSON that does not end.
_NO_JSON = (msgspec.DecodeError, RecursionError, UnicodeEncodeError)

Found = Iterator[Reference]


class _Unreadable(Exception):
    """An annotation is not the JSON that Harvester writes."""


@lru_cache(maxsize=10_000)
def _reference(kind: str, namespace: str, name: str) -> Reference:
    """Make one value for all machines of one image or network."""
    return Reference(kind=kind, namespace=namespace, name=name)


def _place(kind: str, text: object) -> Found:
    """Read `<namespace>/<name>`; a name alone is one of the same namespace."""
    found = _PLACE.fullmatch(text) if isinstance(text, str) else None
    if found and found[1] != _PUBLIC:
        yield _reference(kind, found[1], found[2])


def _named(kind: str, namespace: object, name: object) -> Found:
    if isinstance(namespace, str) and isinstance(name, str):
        yield from _place(kind, f"{namespace}/{name}")


def _annotations(raw: Raw) -> Raw:
    return mapping(mapping(raw.get("metadata")).get("annotations"))


def _json(text: object) -> list[Any]:
    try:
        value = msgspec.json.decode(text) if isinstance(text, str) and text else []
    except _NO_JSON:
        raise _Unreadable from None
    if not isinstance(value, list | None):
        raise _Unreadable
    return value or []


def _machine(raw: Raw) -> Found:
    """Read a VirtualMachine, or what a template version has of one."""
    spec = mapping(raw.get("spec"))
    template = mapping(spec.get("template"))
    for network in listed(mapping(template.get("spec")).get("networks")):
        yield from _place(
            "NetworkAttachmentDefinition.k8s.cni.cncf.io", mapping(mapping(network).get("multus")).get("networkName")
        )
    for volume in listed(spec.get("dataVolumeTemplates")):
        yield from _data_volume(mapping(volume))
    for name in _json(_annotations(template).get(_KEYS)):
        yield from _place(_KEY_PAIR, name)
    for claim in _json(_annotations(raw).get(_CLAIMS)):
        yield from _place(_IMAGE, _annotations(mapping(claim)).get(_IMAGE_ID))


def _data_volume(raw: Raw) -> Found:
    spec = mapping(raw.get("spec"))
    source = mapping(spec.get("source"))
    sources = (
        ("PersistentVolumeClaim", source.get("pvc")),
        ("VolumeSnapshot.snapshot.storage.k8s.io", source.get("snapshot")),
        ("DataSource.cdi.kubevirt.io", spec.get("sourceRef")),
    )
    for kind, value in sources:
        found = mapping(value)
        yield from _named(kind, found.get("namespace"), found.get("name"))


def _claim(raw: Raw) -> Found:
    yield from _place(_IMAGE, _annotations(raw).get(_IMAGE_ID))


def _image(raw: Raw) -> Found:
    spec = mapping(raw.get("spec"))
    source = mapping(spec.get("securityParameters"))
    yield from _named("PersistentVolumeClaim", spec.get("pvcNamespace"), spec.get("pvcName"))
    yield from _named(_IMAGE, source.get("sourceImageNamespace"), source.get("sourceImageName"))


def _restore(raw: Raw) -> Found:
    spec = mapping(raw.get("spec"))
    namespace, name = spec.get("virtualMachineBackupNamespace"), spec.get("virtualMachineBackupName")
    yield from _named("VirtualMachineBackup.harvesterhci.io", namespace, name)


def _template(raw: Raw) -> Found:
    version = mapping(raw.get("spec")).get("defaultVersionId")
    yield from _place("VirtualMachineTemplateVersion.harvesterhci.io", version)


def _template_version(raw: Raw) -> Found:
    spec = mapping(raw.get("spec"))
    yield from _place("VirtualMachineTemplate.harvesterhci.io", spec.get("templateId"))
    yield from _place(_IMAGE, spec.get("imageId"))
    for name in listed(spec.get("keyPairIds")):
        yield from _place(_KEY_PAIR, name)
    yield from _machine(mapping(spec.get("vm")))


def _referring(find: Callable[[Raw], Found]) -> Callable[[Raw], Raw]:
    def kept(raw: Raw) -> Raw:
        found, unreadable = set[Reference](), False
        try:
            for reference in find(raw):
                found.add(reference)
        except _Unreadable:
            unreadable = True
        own = mapping(raw.get("metadata")).get("namespace")
        elsewhere = (reference for reference in found if reference.namespace != own)
        references = sorted(elsewhere, key=msgspec.structs.astuple)
        return {"metadata": raw.get("metadata"), "references": references, "unreadable": unreadable}

    return kept


def _with_class(find: Callable[[Raw], Found], part: str, field: str) -> Callable[[Raw], Raw]:
    """Keep the StorageClass of a volume, and the one that Harvester made for an image."""
    kept = _referring(find)
    return lambda raw: {**kept(raw), "storageClass": mapping(raw.get(part)).get(field) or ""}


def _kept_image(raw: Raw) -> Raw:
    """Keep what an image is called, too; one of CDI has no StorageClass of its own (pkg/image/common/operator.go)."""
    spec = mapping(raw.get("spec"))
    kept = _with_class(_image, "status", "storageClassName")(raw)
    shared = {"storageClass": ""} if spec.get("backend") == "cdi" else {}
    return {**kept, **shared, "spec": {key: spec.get(key) or "" for key in ("displayName", "sourceType")}}


def _kept_machine(raw: Raw) -> Raw:
    """Keep which devices of hosts a VM has: Harvester calls each as its claim (pcidevices pkg/webhook/vm.go)."""
    template = mapping(mapping(raw.get("spec")).get("template"))
    devices = mapping(mapping(mapping(template.get("spec")).get("domain")).get("devices"))
    listed_devices = (*listed(devices.get("hostDevices")), *listed(devices.get("gpus")))
    names = {name for item in listed_devices if isinstance(name := mapping(item).get("name"), str)}
    return {**_referring(_machine)(raw), "hostDevices": sorted(filter(_NAME.fullmatch, names))}


def _network(raw: Raw) -> Raw:
    text = mapping(raw.get("spec")).get("config")
    try:
        # Harvester takes an empty configuration for one without fields (nad.go, DecodeNadConfigToNetConf).
        config = msgspec.json.decode(text or "{}", type=NetworkConfig, strict=False) if _is_text(text) else None
    except _NO_JSON:
        config = None
    return {"metadata": raw.get("metadata"), "config": msgspec.to_builtins(config)}


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


RESHAPE: dict[tuple[str, str], Callable[[Raw], Raw]] = {
    ("", "PersistentVolumeClaim"): _with_class(_claim, "spec", "storageClassName"),
    ("kubevirt.io", "VirtualMachine"): _kept_machine,
    ("cdi.kubevirt.io", "DataVolume"): _referring(_data_volume),
    (HARVESTER, "VirtualMachineImage"): _kept_image,
    (HARVESTER, "VirtualMachineRestore"): _referring(_restore),
    (HARVESTER, "VirtualMachineTemplate"): _referring(_template),
    (HARVESTER, "VirtualMachineTemplateVersion"): _referring(_template_version),
    ("k8s.cni.cncf.io", "NetworkAttachmentDefinition"): _network,
}
