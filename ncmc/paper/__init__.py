"""What the paper says: printed numbers, claims, open points, and the checks that we read into the claims."""
