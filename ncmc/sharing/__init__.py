"""Results that travel: exports, their import, what differs between two sets, event files."""
