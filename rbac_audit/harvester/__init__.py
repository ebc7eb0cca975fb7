"""What Harvester ships and does: its baseline by content, what survives an upgrade, versions."""
