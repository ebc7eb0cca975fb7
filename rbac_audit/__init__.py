"""Who may do what on Harvester clusters and the Rancher that manages them."""

__version__ = "0.1.0"
