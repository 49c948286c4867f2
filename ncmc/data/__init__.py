"""Bytes -> arrays -> splits: datasets fetched, verified, read and drawn from."""
