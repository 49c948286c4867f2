"""Freed memory stays in the process: the kernel maps it once. In processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

FAULTS = """
import resource
from ncmc.system import allocator as memory

def faults(mebibytes):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bytearray(b"x") * (mebibytes * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

kept = {keep} and memory.keep_pages()
first, *_, last = [faults(64) for _ in range(4)]
print(kept, last, first)
"""


def large_pages() -> bool:
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return setting.exists() and "[never]" not in setting.read_text()


def run(keep: bool) -> tuple[str, int, int]:
    """(whether the C library listened, page faults of the fourth array, of the first)."""
    code = FAULTS.format(keep=keep)
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    return out[0], int(out[1]), int(out[2])


def test_a_large_array_is_mapped_once_where_the_c_library_listens() -> None:
    kept, faults, _ = run(keep=True)
    if kept != "True":
        pytest.skip("the C library is not glibc")
    assert faults < 100


@pytest.mark.skipif(not large_pages(), reason="the kernel gives no large pages")
def test_it_is_mapped_in_large_pages() -> None:
    kept, _, first = run(keep=True)
    assert kept == "True"
    assert first < 1_000  # of 16,384 small ones


def test_without_it_every_large_array_is_mapped_anew() -> None:
    """Else the test above could not fail."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the C library is not glibc")
    assert run(keep=False)[1] > 10_000
