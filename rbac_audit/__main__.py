"""`python -m rbac_audit` is the command `rbac-audit`."""

from rbac_audit.cli.main import script

if __name__ == "__main__":
    script()
