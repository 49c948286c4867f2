"""Curves, bars and heat maps as SVG. No decisions."""
