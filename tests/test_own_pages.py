"""The examples of docs/your-own.md are what one would copy: they work."""

import re
from pathlib import Path

import pytest
import torch
from conftest import CHECKOUT, here
from torch import nn

from ncmc.plan import catalog, grid
from ncmc.plan.grid_file import table_names
from ncmc.training.own_code import backbone, method
from ncmc.training.own_code.backbone import BackboneSubject
from ncmc.training.own_code.subject import MethodSubject


def text_of(subject: str) -> str:
    """The section of the page on a method or a backbone."""
    page = (CHECKOUT / "docs" / "your-own.md").read_text()
    return page.partition(f"\n## A {subject}\n")[2].partition("\n## ")[0]


def programs(subject: str) -> list[str]:
    """The Python examples of a section."""
    return re.findall(r"```python\n(.*?)```", text_of(subject), re.DOTALL)


@pytest.mark.usefixtures("unchecked")
def test_the_method_passes_every_check_with_stages_and_without(own_package: Path) -> None:
    for name, program, stages in zip(
        ("my_loss", "my_staged_loss"), programs("method"), (1, 2), strict=True
    ):
        (own_package / "methods" / f"{name}.py").write_text(program)
        subject = MethodSubject(here(), name.upper().replace("_", "-"))
        assert [f for f in method.check(subject) if f.state != "ok"] == []
        assert len(subject.model().stages) == stages


@pytest.mark.parametrize(("number", "name"), [(0, "my_net"), (1, "resnet18")])
def test_the_backbones_pass_every_check(own_package: Path, number: int, name: str) -> None:
    (own_package / "backbones" / f"{name}.py").write_text(programs("backbone")[number])
    findings = backbone.check(BackboneSubject(name, 16, [(8, 1), (32, 3), (4, 1)]))
    assert not [f for f in findings if f.state != "ok"]


ROWS = re.findall(
    r"^\| ((?:`\w+`,? ?)+) \| `(\w+)` \| (\d+) \|$", text_of("backbone"), re.MULTILINE
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_widths_of_torchvisions_networks_are_those_of_the_table(
    row: tuple[str, str, str],
) -> None:
    from torchvision import models  # brings sympy and torch._dynamo

    names, place, width = row
    for name in re.findall(r"\w+", names):
        with torch.device("meta"):
            network = models.get_model(name, weights=None).eval()
            setattr(network, place, nn.Identity())
            features = network(torch.empty(1, 3, 224, 224)).flatten(1)
        assert features.shape == (1, int(width))


def test_the_table_of_torchvisions_networks_is_read() -> None:
    assert len(ROWS) == 7


BUILT = re.findall(r"^\| (`[^|]+(?: \| [^|]+){3}) \|$", text_of("backbone"), re.MULTILINE)


@pytest.mark.parametrize("row", BUILT)
def test_the_table_of_built_backbones_says_their_features_and_sizes(row: str) -> None:
    named, _, features, sizes = row.split(" | ")
    names, option = re.findall(r"`(\w+)`", named), re.search(r"`(\w+)=(\d+)`", named)
    options = {option[1]: int(option[2])} if option else {}
    for name, size in zip(names, sizes.split(", "), strict=True):
        with torch.device("meta"):
            model = catalog.load("backbone", name).build(32, 3, **options)
        assert features.replace(",", "").split()[0] == str(model.out_features)
        number, unit = size.split()
        found = sum(p.numel() for p in model.parameters()) / {"k": 1e3, "M": 1e6}[unit]
        digits = len(number.partition(".")[2])
        assert round(found, digits) == float(number)


def test_the_table_names_every_backbone_of_our_tables() -> None:
    named = {n for row in BUILT for n in re.findall(r"`(\w+)`", row.split(" | ")[0])}
    tables = (grid.table(here(), name) for name in table_names(here(), "paper"))
    used = {spec.run.backbone for table in tables for spec in table.cells}
    assert used <= named <= set(catalog.names("backbone"))
