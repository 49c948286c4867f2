"""What the results say of the paper: each check judged."""
