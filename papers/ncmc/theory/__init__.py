"""Numerical checks of the paper's theorems, remarks and formulas (claims T1 to T9)."""
