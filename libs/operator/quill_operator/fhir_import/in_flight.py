"""Some calls at once: while services work at one, the next is read and sent."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

AT_ONCE: Final = 3

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def in_flight(call: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[tuple[Item, Answer]]:
    """Each item with what `call` answers, in the order of the items; never more than `AT_ONCE` are held.

    Raises what `call` raises, after those that are under way have ended.
    """
    sent: deque[tuple[Item, Future[Answer]]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for item in items:
            sent.append((item, pool.submit(call, item)))
            if len(sent) == AT_ONCE:
                first, answer = sent.popleft()
                yield first, answer.result()
        for item, answer in sent:
            yield item, answer.result()
