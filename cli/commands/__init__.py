"""One file a command: a function that Typer shows, and what it alone needs."""
