"""Results that travel: exports and their import, what is published, what differs, how far a grid is."""
