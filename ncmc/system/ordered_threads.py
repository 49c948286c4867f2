"""Work on threads, results in order: for what gives up Python's lock (decoding, decompressing)."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(
    work: Callable[[T], R], items: Iterable[T], workers: int, ahead: int
) -> Generator[R, None, None]:
    """work(item) for each item, on `workers` threads, in order, at most `ahead` of the consumer."""
    items = iter(items)
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        waiting: list[Future[Any]] = [pool.submit(work, item) for item in islice(items, ahead)]
        try:
            while waiting:
                result = waiting.pop(0).result()
                waiting.extend(pool.submit(work, item) for item in islice(items, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()
