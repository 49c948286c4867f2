"""The one door for NumPy files: .npy and .npz -> arrays of the kind that is expected, or an error.

Nothing is unpickled, and a header is compared with what is expected before memory is asked for.
"""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from ncmc.errors import UserError, shortened
from ncmc.system import files

MOST_BYTES = 1 << 30  # of an .npz file, and of one array in it

Shape = tuple[int | None, ...]  # None: any length


def read(path: Path, dtype: str, shape: Shape, *, mapped: bool = False) -> np.ndarray:
    """The array of an .npy file, `mapped`: read from the disk where it is indexed.

    Raises UserError that names the file, what it holds and what is needed.
    """
    with files.open_regular(path) as file:
        found = _header(file, str(path), dtype, shape)
        start, needed = file.tell(), int(np.prod(found)) * np.dtype(dtype).itemsize
        held = (files.size(path) or 0) - start
        if held != needed:
            raise UserError(
                f"{path} holds {held:,} bytes of data, its header announces {needed:,}: "
                "truncated, or not ours."
            )
        if mapped and needed:
            return np.memmap(path, dtype, "r", start, found)
        return np.fromfile(file, dtype).reshape(found)


def read_archive(path: Path, names: Iterable[str], dtype: str, shape: Shape) -> list[np.ndarray]:
    """The arrays `names` of an .npz file. Raises UserError as `read` does."""
    data = files.read_bytes(path, MOST_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [_member(archive, name, str(path), dtype, shape) for name in names]
    except UserError:
        raise
    except Exception as error:  # zipfile, zlib, lzma and struct each have their own
        raise UserError(
            f"{path} cannot be read as an .npz file ({shortened(str(error))}): truncated, or not ours."
        ) from error


def _member(archive: zipfile.ZipFile, name: str, path: str, dtype: str, shape: Shape) -> np.ndarray:
    where = f"{path}, array '{name}',"
    if f"{name}.npy" not in archive.namelist():
        raise UserError(f"{path} holds no array '{name}'.")
    with archive.open(f"{name}.npy") as file:
        found = _header(file, where, dtype, shape)
        needed = int(np.prod(found)) * np.dtype(dtype).itemsize
        if needed > MOST_BYTES:
            raise UserError(f"{where} announces {needed:,} bytes; allowed are {MOST_BYTES:,}.")
        content = file.read(needed + 1)
    if len(content) != needed:
        raise UserError(f"{where} is not as long as its header says: truncated, or not ours.")
    return np.frombuffer(content, dtype).reshape(found)


def _header(file: IO[bytes], where: str, dtype: str, shape: Shape) -> tuple[int, ...]:
    """The shape that an .npy file announces, if it and the type are the expected ones."""
    try:
        version = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        found, fortran, kind = read_header(file)
    except ValueError as error:
        raise UserError(
            f"{where} is not an .npy file ({shortened(str(error))}): truncated, or not ours."
        ) from error
    fits = len(found) == len(shape) and all(
        n >= 0 and wanted in (None, n) for n, wanted in zip(found, shape, strict=True)
    )
    if not fits or kind != np.dtype(dtype) or (fortran and len(found) > 1):
        needed = ", ".join("any" if n is None else str(n) for n in shape)
        raise UserError(
            f"{where} holds {kind} of shape {found}; needed is {dtype} of shape ({needed})"
            f"{', in C order' if fortran else ''}."
        )
    return found
