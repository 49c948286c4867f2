"""What the paper says: printed numbers, claims, open points, and the checks on the claims."""
