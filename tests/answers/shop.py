"""A small shop on one Harvester cluster, for the questions."""

from rbac_audit.audit.estate import Estate, View
from tests.rules.estate import estate, view

HARVESTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: lab}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: ci, namespace: dev}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: runner, namespace: dev}, spec: {template: {spec: {serviceAccountName: ci}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to-view: "true"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "harvesterhci.io:view", labels: {to-view: "true"}}
rules: [{apiGroups: [""], resources: [secrets, nodes], verbs: [get, list]}, {nonResourceURLs: [/metrics], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: grantor}
rules:
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [create, update]}
- {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb-view, namespace: dev, labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-view}}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: Group, name: "github_team://7"}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: grantors, namespace: dev}
roleRef: {kind: ClusterRole, name: grantor}
subjects: [{kind: User, name: u-bob}, {kind: ServiceAccount, name: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: nodes}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: ci, namespace: dev}]
"""
RANCHER = """
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-alice}, displayName: Alice Ng, username: alice}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-bob}, displayName: Bob, username: bob}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-bob2}, displayName: Bob, username: bobby}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-alice}
GroupPrincipals: {github: {Items: [{metadata: {name: "github_team://7"}, displayName: devs}]}}
---
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-shop, namespace: c-m-abcd1234}, spec: {displayName: shop}}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: view}, displayName: Viewer, context: project, external: true}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: pods}, displayName: Pod reader, context: project,
 rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: locked}, context: project, locked: true,
 rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-view, namespace: c-m-abcd1234-p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: view, groupPrincipalName: "github_team://7"}
"""
MORE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: more, namespace: prod}
roleRef: {kind: ClusterRole, name: grantor}
subjects: [{kind: User, name: u-alice}]
"""


def shop() -> Estate:
    """The whole estate."""
    return estate(HARVESTER, RANCHER)


def shop_view() -> View:
    """Its Harvester cluster."""
    return view(shop())
