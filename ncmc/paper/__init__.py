"""What the paper says: printed numbers, claims, open points."""
