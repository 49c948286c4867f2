"""SGD is torch's, bit for bit, without the import of a compiler."""

from typing import Any

import pytest
import torch

from ncmc.training.optimiser import SGD


def stepped(kind: Any, **options: Any) -> tuple[list[torch.Tensor], dict[str, Any]]:
    """Weights and state after some steps, half of them after a reload."""
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(5, 3, generator=generator), torch.randn(4, generator=generator)]
    parameters = [torch.nn.Parameter(w) for w in weights]
    optimizer = kind(parameters, lr=0.1, momentum=0.9, weight_decay=5e-4, **options)
    for step in range(6):
        if step == 3:
            state = optimizer.state_dict()
            optimizer = kind(parameters, lr=0.1, momentum=0.9, weight_decay=5e-4, **options)
            optimizer.load_state_dict(state)
        optimizer.zero_grad(set_to_none=True)
        sum((p**3).sum() for p in parameters).backward()  # type: ignore[union-attr]
        optimizer.step()
    return [p.detach() for p in parameters], optimizer.state_dict()


@pytest.mark.parametrize("options", [{}, {"fused": True}, {"foreach": True}])
def test_it_steps_as_torchs_own(options: dict[str, Any]) -> None:
    ours, our_state = stepped(SGD, **options)
    theirs, their_state = stepped(torch.optim.SGD, **options)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert our_state["param_groups"] == their_state["param_groups"]
    for key, value in our_state["state"].items():
        buffer = their_state["state"][key]["momentum_buffer"]
        assert torch.equal(value["momentum_buffer"], buffer)
    assert torch.is_grad_enabled()
