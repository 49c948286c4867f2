"""Methods: a loss, a head and a decision rule on a backbone. The contract is `Method`.

One file per method; a lab's own starts with `from ncmc.methods import Labels, Method`.
"""

from ncmc.methods.base import Labels, Method, Stage

__all__ = ["Labels", "Method", "Stage"]
