"""Keep freed memory in the process: page faults are half of a large network's time on a CPU."""

import ctypes
import ctypes.util

# glibc's mallopt: names and numbers of malloc.h
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
GIB = 2**30


def keep_pages() -> bool:
    """Tell the C library to keep what is freed; whether it listened. Call before the first tensor.

    Without it every large activation is a fresh mapping, zeroed by the kernel page by page.
    Only where the C library is glibc; elsewhere nothing changes. (torch's own switch for huge pages,
    THP_MEM_ALLOC_ENABLE, undoes this: measured 15 times slower than kept pages on one machine.)
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    most = 2**31 - 1  # the argument is an int
    settings = ((MMAP_THRESHOLD, most), (TRIM_THRESHOLD, most), (TOP_PAD, GIB // 4))
    return all(mallopt(name, value) == 1 for name, value in settings)
