"""What the results say of the paper: each check and printed number judged."""
