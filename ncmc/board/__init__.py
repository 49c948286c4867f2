"""The board: every claim, printed number and check with its verdict; as data, text, and published."""
