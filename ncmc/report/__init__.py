"""The HTML page of a table or figure: verdicts, numbers, curves, how each number was made."""
