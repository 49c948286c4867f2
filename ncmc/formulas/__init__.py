"""The paper's mathematics as pure functions: frames, losses, metrics."""
