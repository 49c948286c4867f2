"""Arrays from files: what is expected, or one sentence with the file and what is wrong."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ncmc.errors import UserError
from ncmc.system import arrays

GOOD = np.arange(12, dtype=np.int64)


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def header(shape: str, kind: str = "<i8") -> bytes:
    """An .npy header by hand, whatever it announces."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + (117).to_bytes(2, "little") + text.ljust(116) + b"\n"


BAD = {
    "float": (npy(GOOD.astype(float)), "holds float64 of shape"),
    "int32": (npy(GOOD.astype(np.int32)), "holds int32"),
    "uint64": (npy(GOOD.astype(np.uint64)), "holds uint64"),
    "complex": (npy(GOOD.astype(complex)), "holds complex128"),
    "text": (npy(GOOD.astype(str)), "needed is <i8 of shape"),
    "big-endian": (npy(GOOD.astype(">i8")), "holds >i8"),
    "two dimensions": (npy(GOOD.reshape(3, 4)), r"shape \(3, 4\); needed"),
    "objects": (npy(np.array([{}], object)), "holds object"),
    "no header": (GOOD.tobytes(), "not an .npy file"),
    "empty": (b"", "not an .npy file"),
    "truncated": (npy(GOOD)[:-1], "truncated, or not ours"),
    "too long": (npy(GOOD) + b"x", "truncated, or not ours"),
    "huge": (header("(10**17,)"), "not an .npy file"),
    "a lie": (header("(99999999999999,)"), "truncated, or not ours|announces"),
    "negative": (header("(-1,)"), "needed is|not an .npy file"),
    "a pickle": (b"\x80\x04N.", "not an .npy file"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("mapped", [True, False])
def test_an_array_of_another_kind_is_refused(tmp_path: Path, kind: str, mapped: bool) -> None:
    content, message = BAD[kind]
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        arrays.read(tmp_path / "a.npy", "<i8", (None,), mapped=mapped)
    assert str(tmp_path / "a.npy") in str(caught.value)


@pytest.mark.parametrize("kind", BAD)
def test_an_archive_with_an_array_of_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    content, message = BAD[kind]
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.npy", npy(GOOD))
        archive.writestr("bad.npy", content)
    (good,) = arrays.read_archive(tmp_path / "a.npz", ["good"], "<i8", (None,))
    assert good.tolist() == GOOD.tolist()
    with pytest.raises(UserError, match=message) as caught:
        arrays.read_archive(tmp_path / "a.npz", ["bad"], "<i8", (None,))
    assert "a.npz, array 'bad'" in str(caught.value)
    with pytest.raises(UserError, match="holds no array 'other'"):
        arrays.read_archive(tmp_path / "a.npz", ["other"], "<i8", (None,))


@pytest.mark.parametrize("mapped", [True, False])
def test_what_numpy_wrote_is_read(tmp_path: Path, mapped: bool) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 1), dtype=np.uint8)
    for array, dtype, shape in ((images, "|u1", (3, None, None, 1)), (GOOD, "<i8", (None,))):
        np.save(tmp_path / "a.npy", array)
        found = arrays.read(tmp_path / "a.npy", dtype, shape, mapped=mapped)
        assert np.array_equal(found, array)
    np.save(tmp_path / "none.npy", GOOD[:0])
    assert arrays.read(tmp_path / "none.npy", "<i8", (None,), mapped=mapped).shape == (0,)


def test_every_byte_of_an_archive_may_be_flipped_without_a_traceback(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", indices=GOOD)
    content = (tmp_path / "a.npz").read_bytes()
    for place in range(len(content)):
        flipped = content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :]
        (tmp_path / "a.npz").write_bytes(flipped)
        try:
            (found,) = arrays.read_archive(tmp_path / "a.npz", ["indices"], "<i8", (None,))
        except UserError:
            continue
        assert found.tolist() == GOOD.tolist()  # a date, a name of the writing system


def test_what_is_not_a_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name, message in (("pipe", "regular"), ("zero", "regular"), (".", "is a folder")):
        with pytest.raises(UserError, match=message):
            arrays.read(tmp_path / name, "<i8", (None,))
        with pytest.raises(UserError, match=message):
            arrays.read_archive(tmp_path / name, ["a"], "<i8", (None,))
