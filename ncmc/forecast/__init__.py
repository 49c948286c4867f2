"""Before anything runs: what it would decide, with which power, and at what cost."""
