"""The HTML pages of a table and of the whole project: what each says, and its templates."""
