"""The paper's grid does not start by itself where there is no GPU."""

import subprocess
import sys


def test_the_gate_imports_no_torch() -> None:
    code = (
        "import sys; from cli.commands import _diagnosis\n"
        "from ncmc.errors import UserError; from ncmc.project import Project\n"
        "_diagnosis.hardware.gpu_count = lambda: 0\n"
        "try: _diagnosis.gate(Project.find(), False)\n"
        "except UserError as error: print('torch' in sys.modules, 'planned for a GPU' in str(error))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False True"
