"""Manifests with a made-up secret in every place where a real one can be."""

import base64
import json
from itertools import count

from tests.sources.builders import Json, thing

_NUMBER = count(1)
HARVESTER = "harvesterhci.io/v1beta1"
MANAGEMENT = "management.cattle.io/v3"
WORD = "kanarie"
_IMAGE = "harvesterhci.io/imageId"


def canary() -> str:
    """A word that stands nowhere else, also when only a part of it is quoted."""
    return f"{WORD}{next(_NUMBER)}{WORD}"


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _annotated(raw: Json) -> Json:
    """Put the manifest, secrets and all, where kubectl and Fleet leave it."""
    metadata = raw["metadata"]
    assert isinstance(metadata, dict)
    annotations = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps({**raw, "again": canary()}),
        "objectset.rio.cattle.io/applied": packed(canary()),
        "example.com/password": canary(),
        "field.cattle.io/description": canary(),
        "management.cattle.io/note": canary(),
        "argocd.argoproj.io/note": canary(),
        "helm.toolkit.fluxcd.io/note": canary(),
        "objectset.rio.cattle.io/owner-note": canary(),
        "harvesterhci.io/volumeClaimTemplates": json.dumps([{"metadata": {"annotations": {_IMAGE: canary()}}}]),
        _IMAGE: canary(),
        "field.cattle.io/projectId": "c-m-abcd1234:p-abcde",
    }
    managed = [{"manager": "kubectl", "fieldsV1": {f"f:{canary()}": {}}}]
    return {**raw, "metadata": {**metadata, "annotations": annotations, "managedFields": managed}}


SECRET_TYPES = (
    "Opaque",
    "kubernetes.io/service-account-token",
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/basic-auth",
    "kubernetes.io/ssh-auth",
    "kubernetes.io/tls",
    "bootstrap.kubernetes.io/token",
    "helm.sh/release.v1",
    "rke.cattle.io/machine-plan",
    "provisioning.cattle.io/cloud-credential",
)


def _secrets() -> list[Json]:
    values = {"data": {"token": packed(canary()), "x": packed(canary())}, "stringData": {"password": canary()}}
    found = [thing("v1", "Secret", f"s{i}", "a", type=kind, **values) for i, kind in enumerate(SECRET_TYPES)]
    cloud_init = {"data": {"userdata": packed(f"#cloud-config\npassword: {canary()}")}}
    return [*found, thing("v1", "Secret", "vm-userdata", "a", **cloud_init)]


def _rancher() -> list[Json]:
    status = {
        "token": canary(),
        "manifestUrl": f"https://rancher.example/v3/import/{canary()}_c-m-x.yaml",
        "command": f"kubectl apply -f https://rancher.example/v3/import/{canary()}.yaml",
        "insecureCommand": f"curl --insecure {canary()}",
        "nodeCommand": f"--token {canary()}",
        "windowsNodeCommand": f"-Token {canary()}",
    }
    cluster_status = {
        "serviceAccountToken": canary(),
        "caCert": packed(canary()),
        "apiEndpoint": canary(),
        "driver": "imported",
    }
    conditions = [{"type": "Ready", "status": "False", "reason": "Error", "message": canary()}]
    return [
        thing(
            MANAGEMENT, "Token", "token-abcde", token=canary(), userId="u-1", description=canary(), authProvider="local"
        ),
        thing(MANAGEMENT, "User", "u-1", username="alice", password=canary(), description=canary()),
        thing(
            MANAGEMENT,
            "ClusterRegistrationToken",
            "default-token",
            "c-m-x",
            spec={"clusterName": "c-m-x"},
            status=status,
        ),
        thing(
            MANAGEMENT,
            "Cluster",
            "c-m-x",
            status={**cluster_status, "conditions": conditions},
            spec={"importedConfig": canary(), canary(): [{canary(): {"password": canary()}}], "token": {"x": canary()}},
            credentials=[canary()],
        ),
        thing(
            MANAGEMENT,
            "UserAttribute",
            "u-1",
            ExtraByProvider={"local": {"principalid": ["local://u-1"], "username": ["u"], "token": [canary()]}},
            GroupPrincipals={"openldap": {"Items": [{"metadata": {"name": "openldap_group://g"}, "me": canary()}]}},
        ),
        thing(MANAGEMENT, "AuthConfig", "openldap", serviceAccountPassword=canary(), clientSecret=canary()),
        thing(MANAGEMENT, "Setting", "smtp-password", value=canary(), default=canary()),
        thing(MANAGEMENT, "Setting", "server-url", value=f"https://{canary()}:{canary()}@rancher.example"),
        thing(
            MANAGEMENT,
            "ManagedChart",
            "harvester",
            "fleet-local",
            spec={"chart": f"https://user:{canary()}@charts.example/x.tgz", "repoName": canary(), "version": "1.0.0"},
        ),
        thing(
            "provisioning.cattle.io/v1",
            "Cluster",
            "guest",
            "fleet-default",
            spec={"rkeConfig": {"etcd": {"s3": canary()}}},
        ),
    ]


def _settings() -> list[Json]:
    values = {
        "containerd-registry": json.dumps({"Configs": {"r": {"Auth": {"Password": canary()}}}}),
        "backup-target": json.dumps({"type": "s3", "secretAccessKey": canary()}),
        "ssl-certificates": json.dumps({"privateKey": canary()}),
        "additional-ca": canary(),
        "http-proxy": f"http://user:{canary()}@proxy",
        "cluster-registration-url": f"https://rancher.example/v3/import/{canary()}_c-m-x.yaml",
    }
    return [thing(HARVESTER, "Setting", name, value=value, default=canary()) for name, value in values.items()]


def registration_urls() -> list[object]:
    """What may stand in cluster-registration-url, right and wrong."""
    url = f"https://u:{canary()}@rancher.example/v3/import/{canary()}.yaml"
    return [
        url,
        json.dumps({"url": url, "insecureSkipTLSVerify": False}),
        f"{canary()}:not-a-url",
        f"{canary()}",
        f"//{canary()}/{canary()}",
        f"K10{canary()}::server:{canary()}",
        json.dumps({"url": f"{canary()}://x"}),
        json.dumps({"url": [canary()]}),
        json.dumps({"token": canary()}),
        json.dumps([canary()]),
        f'{{"url": "{canary()}',
        f"https://[{canary()}/",
        {"url": canary()},
        [canary()],
    ]


def _environment() -> list[Json]:
    servers = [
        canary(),
        f"https://[{canary()}/",
        f"https://u:{canary()}@rancher.example/{canary()}?t={canary()}#{canary()}",
    ]
    variables: list[Json] = [{"name": "CATTLE_SERVER", "value": server} for server in servers]
    referred: Json = {"name": "CATTLE_SERVER", "valueFrom": {"secretKeyRef": {"name": canary()}}}
    return [{"name": "PASSWORD", "value": canary()}, referred, *variables]


def _workloads() -> list[Json]:
    containers = [{"name": "c", "image": "nginx", "env": _environment(), "args": [canary()]}]
    template = {"spec": {"containers": containers, "serviceAccountName": "default"}}
    user_data = {"cloudInitNoCloud": {"userData": f"password: {canary()}", "networkData": canary()}}
    sealed = {"secretRef": {"name": "s"}, "networkDataSecretRef": {"name": "s"}, "userDataBase64": packed(canary())}
    credentials = [
        {"userPassword": {"source": {"secret": {"secretName": "s"}}, "password": canary()}},
        {"sshPublicKey": {"source": {"secret": {"secretName": "s"}}, "propagationMethod": {"configDrive": canary()}}},
    ]
    volumes = [
        {"name": "x", **user_data},
        {"name": "y", "cloudInitConfigDrive": sealed},
        {"name": "z", "sysprep": {"secret": {"name": "s"}, "answers": canary()}},
    ]
    networks = [{"name": "n", "multus": {"networkName": "b/net"}}, {"name": canary(), "pod": {}}]
    noted = {"annotations": {"harvesterhci.io/sshNames": json.dumps(["b/key", canary()]), "note": canary()}}
    machine = {
        "template": {
            "metadata": noted,
            "spec": {"volumes": volumes, "accessCredentials": credentials, "networks": networks},
        },
        "dataVolumeTemplates": [{"spec": {"source": {"http": {"url": f"https://u:{canary()}@x", "secretRef": "s"}}}}],
    }
    kubeconfig = f"users:\n- user: {{token: {canary()}}}\n"
    return [
        thing(
            "v1",
            "Pod",
            "p",
            "a",
            spec=template["spec"],
            status={"containerStatuses": [{"state": {"waiting": {"reason": "Error", "message": canary()}}}]},
        ),
        thing("apps/v1", "Deployment", "d", "a", spec={"template": template}),
        thing("batch/v1", "CronJob", "c", "a", spec={"jobTemplate": {"spec": {"template": template}}}),
        thing("kubevirt.io/v1", "VirtualMachine", "vm", "a", spec=machine),
        thing("kubevirt.io/v1", "VirtualMachineInstance", "vm", "a", spec=machine["template"]),
        thing(
            HARVESTER,
            "VirtualMachineTemplateVersion",
            "v",
            "a",
            spec={"templateId": "a/t", "keyPairIds": ["b/key"], "description": canary(), "vm": {"spec": machine}},
        ),
        thing(HARVESTER, "VirtualMachineTemplate", "t", "a", spec={"defaultVersionId": "b/v", "description": canary()}),
        thing(
            HARVESTER,
            "VirtualMachineBackup",
            "b",
            "a",
            status={
                "secretBackups": [{"name": "s", "data": {"userdata": packed(canary())}}],
                "source": {"spec": machine},
            },
        ),
        thing(
            HARVESTER,
            "VirtualMachineRestore",
            "r",
            "a",
            spec={"virtualMachineBackupNamespace": "b", "virtualMachineBackupName": "backup"},
            status={"restores": [{"volumeName": canary()}]},
        ),
        thing(
            "cdi.kubevirt.io/v1beta1",
            "DataVolume",
            "dv",
            "a",
            spec={"source": {"s3": {"url": f"https://u:{canary()}@x"}}, "checkpoints": [{"current": canary()}]},
        ),
        thing("v1", "PersistentVolumeClaim", "pvc", "a", spec={"storageClassName": "lh-1", "volumeName": canary()}),
        thing(
            "loadbalancer.harvesterhci.io/v1beta1",
            "IPPool",
            "pool",
            spec={"description": canary(), "selector": {"network": "a/n", "scope": [{"namespace": "*"}]}},
        ),
        thing("v1", "ConfigMap", "kubeconfig", "a", data={"config": kubeconfig}),
        thing(
            HARVESTER,
            "Addon",
            "rancher-logging",
            "a",
            spec={
                "enabled": True,
                "repo": f"https://user:{canary()}@charts.example/x?token={canary()}",
                "chart": f"https://user:{canary()}@charts.example/x.tgz",
                "version": "1.0.0",
                "valuesContent": f"password: {canary()}",
            },
        ),
        thing(HARVESTER, "VirtualMachineImage", "i", "a", spec={"displayName": "i", "url": f"https://u:{canary()}@x"}),
        thing(HARVESTER, "KeyPair", "k", "a", spec={"publicKey": canary()}),
        thing("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "n", "a", spec={"config": canary()}),
        thing(
            "k8s.cni.cncf.io/v1",
            "NetworkAttachmentDefinition",
            "net",
            "a",
            spec={"config": json.dumps({"type": "bridge", "bridge": "a-br", "ipam": {"token": canary()}})},
        ),
        thing("v1", "ServiceAccount", "sa", "a", secrets=[{"name": canary()}]),
    ]


def manifests() -> list[Json]:
    return list(map(_annotated, [*_secrets(), *_rancher(), *_settings(), *_workloads()]))


def broken() -> list[tuple[str, str]]:
    """Files (name, text) whose errors lie at or beside a secret."""
    c = canary
    head = '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "a"}, '
    yaml_head = "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: a}\n"
    return [
        ("a.json", f'{head}"data": {{"token": "{c()}"'),
        ("b.json", f'{head}"data": {{"token": "{c()}\x01"}}}}'),
        ("c.json", f'{head}"data": {{"token": {c()}}}}}'),
        ("d.json", f'{head}"data": "{c()}" "{c()}"}}'),
        ("e.json", f'{head}"data": "\\ud800{c()}"}}'),
        ("f.json", f'{{"apiVersion": "{c()} x", "kind": "{c()} y"}}'),
        ("g.json", f'{{"apiVersion": "v1", "kind": ["{c()}"]}}'),
        ("h.json", f'{{"apiVersion": "v1", "kind": "Secret", "metadata": "{c()}"}}'),
        ("i.json", f'{{"apiVersion": "v1", "kind": "Secret", "metadata": {{"name": ["{c()}"]}}}}'),
        ("j.json", f'{{"apiVersion": "v1", "kind": "Secret", "metadata": {{"name": "x", "labels": {{"{c()}": 5}}}}}}'),
        ("k.json", f'{{"apiVersion": "v1", "kind": "Secret", "metadata": {{"name": "x", "labels": ["{c()}"]}}}}'),
        ("l.json", f'{head}"type": ["{c()}"]}}'),
        ("m.json", f'{{"apiVersion": "{MANAGEMENT}", "kind": "Token", "metadata": {{"name": "x"}}, "ttl": "{c()}"}}'),
        (
            "n.json",
            f'{{"apiVersion": "{MANAGEMENT}", "kind": "User", "metadata": {{"name": "x"}}, "enabled": "{c()}"}}',
        ),
        ("a.yaml", f"{yaml_head}data:\n  token: {c()}\n  token: {c()}\n"),
        ("b.yaml", f"{yaml_head}data: {{token: {c()}\n"),
        ("c.yaml", f"{yaml_head}data:\n  token: '{c()}\n"),
        ("d.yaml", f'{yaml_head}data:\n  token: "\\q{c()}"\n'),
        ("e.yaml", f"{yaml_head}data:\n  token: {c()}\x07\n"),
        ("f.yaml", f"{yaml_head}data:\n  token: !!{c()} {c()}\n"),
        ("g.yaml", f"{yaml_head}data:\n  token: *{c()}\n"),
        ("h.yaml", f"{yaml_head}data:\n  {c()}\n  token: {c()}\n"),
        ("i.yaml", f"{yaml_head}data:\n\t- {c()}\n"),
        ("j.yaml", f"{yaml_head}data:\n  token: &{c()} !{c()} x\n"),
        ("k.yaml", f"{yaml_head}? {{{c()}: {c()}}}\n: {c()}\n"),
        ("l.yaml", f"{yaml_head}data:\n  token: !<{c()}> {c()}\n"),
        ("m.yaml", f"%TAG !{c()}\n---\n{yaml_head}"),
        ("n.yaml", f"{yaml_head}data: |{c()}\n  x\n"),
        ("o.yaml", f"apiVersion: v1\n{c()}\n"),
        ("p.yaml", f"apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\ndata: @{c()}\n"),
        ("q.yaml", f"apiVersion: v1\nkind: Secret\nmetadata: {{name: [{c()}]}}\n"),
        ("r.yaml", f"# apiVersion:\n- {c()}\n"),
    ]
