"""Files are written whole or not at all, whatever happens."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ncmc.errors import UserError
from ncmc.system import files

TOO_LARGE = """
import resource, sys
from pathlib import Path
from ncmc.system import files
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    files.write_atomic(Path(sys.argv[1]), "x" * 5000)
except files.UserError as error:
    print(error)
"""


def test_a_failed_write_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_atomic(path, "old")
    with pytest.raises(ZeroDivisionError), files.atomic_path(path) as temporary:
        temporary.write_text("half of the ne")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_write_that_the_system_cuts_short_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_atomic(path, "old")
    done = subprocess.run(
        [sys.executable, "-c", TOO_LARGE, str(path)], capture_output=True, text=True, check=True
    )
    assert "cannot write" in done.stdout
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_full_disk_says_so() -> None:
    full = OSError(28, "No space left on device")
    assert "no space left" in str(files.explain(full, Path("x")))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        files.write_atomic(tmp_path / "file" / "below" / "a.json", "x")


def test_no_permission_says_what_to_do() -> None:
    error = files.explain(PermissionError(13, "denied"), Path("results/x"))
    assert "no permission to write results/x" in str(error)
    assert "choose another" in str(error)


def test_files_are_readable_by_all_as_the_umask_allows(tmp_path: Path) -> None:
    path = tmp_path / "a"
    files.write_atomic(path, b"x")
    assert path.stat().st_mode & 0o777 == 0o666 & ~files._umask()
