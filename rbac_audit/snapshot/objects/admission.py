"""Who may refuse or change a request after RBAC has allowed it, and what a server serves at all.

Source: k8s.io/api admissionregistration/v1/types.go and apidiscovery/v2/types.go.
"""

from typing import ClassVar

from rbac_audit.snapshot.objects.base import KubernetesObject, Struct

ADMISSION = "admissionregistration.k8s.io"


class WebhookRule(Struct, frozen=True):
    """Which requests a webhook is asked about."""

    operations: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    scope: str = ""


class ServiceReference(Struct, frozen=True):
    """The service that answers."""

    namespace: str = ""
    name: str = ""


class WebhookClient(Struct, frozen=True):
    """Who answers; a URL may hold a credential and is dropped."""

    service: ServiceReference | None = None


class Webhook(Struct, frozen=True):
    """One webhook; with failurePolicy Ignore it lets everything pass when it is down."""

    name: str = ""
    failure_policy: str = ""
    client_config: WebhookClient = WebhookClient()
    rules: tuple[WebhookRule, ...] = ()


class ValidatingWebhookConfiguration(KubernetesObject, frozen=True):
    """Webhooks that may refuse."""

    group: ClassVar[str] = ADMISSION
    kind: ClassVar[str] = "ValidatingWebhookConfiguration"
    plural: ClassVar[str] = "validatingwebhookconfigurations"
    namespaced: ClassVar[bool] = False
    webhooks: tuple[Webhook, ...] = ()


class MutatingWebhookConfiguration(KubernetesObject, frozen=True):
    """Webhooks that may change."""

    group: ClassVar[str] = ADMISSION
    kind: ClassVar[str] = "MutatingWebhookConfiguration"
    plural: ClassVar[str] = "mutatingwebhookconfigurations"
    namespaced: ClassVar[bool] = False
    webhooks: tuple[Webhook, ...] = ()


class AdmissionPolicySpec(Struct, frozen=True):
    """What becomes of a request that the policy cannot judge."""

    failure_policy: str = ""


class ValidatingAdmissionPolicy(KubernetesObject, frozen=True):
    """A policy in CEL; without a binding it does nothing."""

    group: ClassVar[str] = ADMISSION
    kind: ClassVar[str] = "ValidatingAdmissionPolicy"
    plural: ClassVar[str] = "validatingadmissionpolicies"
    namespaced: ClassVar[bool] = False
    spec: AdmissionPolicySpec = AdmissionPolicySpec()


class AdmissionBindingSpec(Struct, frozen=True):
    """Which policy is in force, and whether it denies, warns or only audits."""

    policy_name: str = ""
    validation_actions: tuple[str, ...] = ()


class ValidatingAdmissionPolicyBinding(KubernetesObject, frozen=True):
    """What puts a policy into force."""

    group: ClassVar[str] = ADMISSION
    kind: ClassVar[str] = "ValidatingAdmissionPolicyBinding"
    plural: ClassVar[str] = "validatingadmissionpolicybindings"
    namespaced: ClassVar[bool] = False
    spec: AdmissionBindingSpec = AdmissionBindingSpec()


class ServedSubresource(Struct, frozen=True):
    """A subresource, such as `exec` of pods."""

    subresource: str = ""
    verbs: tuple[str, ...] = ()


class ServedResource(Struct, frozen=True):
    """A resource by its plural name; `scope` is Namespaced or Cluster."""

    resource: str = ""
    scope: str = ""
    verbs: tuple[str, ...] = ()
    subresources: tuple[ServedSubresource, ...] = ()


class ServedVersion(Struct, frozen=True):
    """A version of a group; Stale where what serves it did not answer."""

    version: str = ""
    freshness: str = ""
    resources: tuple[ServedResource, ...] = ()


class APIGroupDiscovery(KubernetesObject, frozen=True):
    """What a server serves of one API group; the core group, which has no name, is called `core`."""

    group: ClassVar[str] = "apidiscovery.k8s.io"
    kind: ClassVar[str] = "APIGroupDiscovery"
    plural: ClassVar[str] = "apigroups"
    namespaced: ClassVar[bool] = False
    versions: tuple[ServedVersion, ...] = ()
