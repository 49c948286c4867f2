"""Figures: rows of numbers from cells and verdicts, and how they are drawn. No decisions."""
