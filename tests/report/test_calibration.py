"""Which methods have a flat softmax: asked of the methods themselves."""

import pytest

from ncmc.plan import catalog
from ncmc.report.calibration import SCORES_ARE_COSINES, ece_note

torch = pytest.importorskip("torch")
BOUND = 2.0  # cosines are at most 1; the controls of CAL scale them a little by class


@pytest.mark.parametrize("name", catalog.names("method"))
def test_the_scores_of_these_methods_and_no_others_stay_small_however_long_the_features(
    name: str,
) -> None:
    from small_models import Flat, build

    module = catalog.load("method", name)
    model = build(getattr(module, name.replace("-", "_")), backbone=Flat(16)).eval()
    images = torch.randn(64, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        h = model.head(model.backbone(images) * 1e4)
        if model.trained_as:
            model.fit([(h, torch.arange(64) % 4)])
        largest = model.scores(h).abs().max().item()
    assert (largest <= BOUND) == (name in SCORES_ARE_COSINES), largest


def test_what_stands_beside_an_ece_is_said_of_cosines_alone() -> None:
    assert "not comparable" in ece_note("CAL")
    assert ece_note("CE") == ""
