"""One run -> its model and its record."""
