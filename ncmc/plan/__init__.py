"""What is to be run: configuration files -> tables, cells and runs."""
