"""The page of a table or figure."""
