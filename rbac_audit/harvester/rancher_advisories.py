"""The published advisories about rights of Rancher, oldest first.

Source: https://ranchermanager.docs.rancher.com/reference-guides/rancher-security/security-advisories-and-cves and, for
those since 2025, the CVE records (https://github.com/CVEProject/cvelistV5).
"""

from rbac_audit.harvester.advisories import Advisory

RANCHER = (
    Advisory("CVE-2021-25318", "roles of projects ignore API groups", ("2.5.9", "2.4.16")),
    Advisory("CVE-2021-31999", "forged headers make the proxy act as Rancher itself", ("2.5.9", "2.4.16")),
    Advisory(
        "CVE-2021-36775", "bindings stay when a group's membership of a project ends", ("2.6.3", "2.5.12", "2.4.18")
    ),
    Advisory("CVE-2021-36776", "the API's proxy lets everybody impersonate anybody", ("2.6.0", "2.5.10"), "2.5.0"),
    Advisory("CVE-2021-36784", "who edits global roles can become administrator", ("2.6.4", "2.5.13"), "2.5.0"),
    Advisory("CVE-2021-4200", "restricted-admin lets everybody write catalogs", ("2.6.4", "2.5.13"), "2.5.0"),
    Advisory("CVE-2021-36782", "credentials in plain text on Cluster objects", ("2.6.7", "2.5.16")),
    Advisory(
        "CVE-2021-36783",
        "credentials in plain text in the answers of cluster templates",
        ("2.6.7", "2.5.16"),
        disputed=("2.6.4", "2.5.13"),
    ),
    Advisory("CVE-2022-31247", "managers of members grant more than they have", ("2.6.7", "2.5.16")),
    Advisory(
        "GHSA-7m72-mh5r-6j3r",
        "project owners raise rights on promoted resources (CVE-2022-43759)",
        ("2.6.10", "2.5.17"),
    ),
    Advisory(
        "CVE-2022-43757", "more credentials in plain text on Cluster objects", ("2.7.1", "2.6.10", "2.5.17"), "2.5.0"
    ),
    Advisory("CVE-2022-43755", "the token of cluster agents can be guessed", ("2.7.1", "2.6.10")),
    Advisory(
        "CVE-2022-21953", "users of any cluster open a shell in the management cluster", ("2.7.1", "2.6.10", "2.5.17")
    ),
    Advisory("CVE-2020-10676", "namespaces can be moved into foreign projects", ("2.7.4", "2.6.13")),
    Advisory("CVE-2023-22647", "changed Secrets lead to admin", ("2.7.4", "2.6.13")),
    Advisory("CVE-2023-22648", "rights from Azure AD stay after they were taken away", ("2.7.4",)),
    Advisory("CVE-2023-22651", "an upgrade leaves the webhook switched off", ("2.7.3",), "2.7.2"),
    Advisory(
        "CVE-2023-32194", "a right about foreign kinds namespaces gives Kubernetes' own", ("2.8.2", "2.7.10", "2.6.14")
    ),
    Advisory("CVE-2023-32196", "external role templates are not checked", ("2.8.5", "2.7.14")),
    Advisory("CVE-2023-22650", "users whom the identity provider deleted stay", ("2.8.5", "2.7.14")),
    Advisory("CVE-2025-23389", "a first login over SAML becomes somebody else", ("2.10.3", "2.9.7", "2.8.13"), "2.8.0"),
    Advisory(
        "CVE-2025-23391",
        "restricted-admin changes passwords of administrators",
        ("2.11.0", "2.10.4", "2.9.8", "2.8.14"),
        "2.8.0",
    ),
    Advisory("GHSA-8h6m-wv39-239m", "projects of two clusters share their members", ("2.11.1", "2.10.5", "2.9.9")),
    Advisory(
        "CVE-2024-58260",
        "a second user can take an administrator's login name",
        ("2.12.2", "2.11.6", "2.10.10", "2.9.12"),
    ),
    Advisory(
        "CVE-2025-54468",
        "who a user is goes out to foreign hosts through the meta proxy",
        ("2.12.2", "2.11.6", "2.10.10", "2.9.12"),
        "2.9.0",
    ),
    Advisory("CVE-2023-32199", "cluster-admin stays of a deleted global role", ("2.12.3", "2.11.7")),
    Advisory(
        "CVE-2025-67601",
        "a login with the command line trusts a certificate that anybody may have made",
        ("2.13.2", "2.12.6", "2.11.10", "2.10.11"),
        "2.10.0",
    ),
    Advisory("CVE-2026-41052", "project owners may switch off pod security", ("2.14.2", "2.13.6", "2.12.10"), "2.12.0"),
    Advisory("CVE-2026-41053", "a login over a GitHub app gets all teams", ("2.14.2", "2.13.6"), "2.13.0"),
    Advisory(
        "CVE-2026-44946",
        "a login over SAML can be played again",
        ("2.14.3", "2.13.7", "2.12.11", "2.11.15"),
        "2.11.0",
    ),
    Advisory(
        "CVE-2026-44947",
        "the right about pod security stays when a role template loses it",
        ("2.14.3", "2.13.7"),
        "2.13.0",
    ),
    Advisory(
        "CVE-2026-44949",
        "a Fleet workspace creates bindings for anybody",
        ("2.14.3", "2.13.7", "2.12.11", "2.11.15"),
        "2.11.0",
    ),
    Advisory(
        "CVE-2026-44945",
        "who may impersonate on one cluster may do so on the management cluster",
        ("2.14.4", "2.13.8", "2.12.12", "2.11.16"),
        "2.11.0",
        ("2.14.2", "2.13.8", "2.12.12", "2.11.16"),
    ),
)
"""Before those of 28 August 2026; versions as the advisories state them, without the v."""
