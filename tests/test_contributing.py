"""The examples of CONTRIBUTING.md are what one would copy: they work as they stand."""

import re
from pathlib import Path
from typing import Any

import torch
import yaml
from conftest import CHECKOUT, copy_project

from ncmc.project import Project
from ncmc.verdicts.checks_file import all_checks

TEXT = (CHECKOUT / "CONTRIBUTING.md").read_text()


def run(docstring: str) -> dict[str, Any]:
    """The names that the Python example with this beginning defines."""
    (code,) = re.findall(rf'```python\n("""{docstring}.*?)```', TEXT, re.DOTALL)
    names: dict[str, Any] = {"__name__": docstring}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    return names


def test_the_backbone_gives_the_features_that_it_promises() -> None:
    backbone = run("my_net")["build"](8, 1, width=6)
    assert backbone(torch.rand(2, 1, 8, 8)).shape == (2, backbone.out_features) == (2, 6)


def test_the_method_has_a_loss_and_scores() -> None:
    kind = run("MY-LOSS")["MY_LOSS"]
    backbone = run("my_net")["build"](8, 1, width=6)
    method = kind(backbone, [3, 2, 1], kind.Options(smoothing=0.2), torch.Generator())
    h = method.features(torch.rand(4, 1, 8, 8))
    assert method.scores(h).shape == (4, 3)
    assert method.criterion(h, torch.tensor([0, 1, 2, 0])).isfinite()


def test_the_check_is_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (entry,) = yaml.safe_load(example)
    root = copy_project(tmp_path)
    path = root / "config" / "checks.yaml"
    names = {"table": "smoke", "better": {"method": "CAL", "theta": 0.2}}
    path.write_text(yaml.safe_dump({"checks": [entry | names]}))
    (check,) = all_checks(Project(root))
    assert (check.id, check.says) == (entry["id"], entry["says"])
