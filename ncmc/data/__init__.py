"""Archives -> arrays -> long-tailed splits: datasets fetched, verified, read and drawn from."""
