"""A few threads for many requests: those of the cluster that was begun first come first."""

import itertools
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Job = Callable[[], None]
T = TypeVar("T")

_FIRST = -1


class Crew(Generic[T]):
    """Threads that do jobs; a job may add others, and put `news`, among which is what a job raised."""

    def __init__(self, threads: int) -> None:
        """Start them; daemons, lest Ctrl-C wait for a silent server."""
        self._jobs: queue.PriorityQueue[tuple[int, int, Job | None]] = queue.PriorityQueue()
        self._number = itertools.count()
        self._threads = threads
        self.news: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()
        for _ in range(threads):
            threading.Thread(target=self._work, daemon=True).start()

    def add(self, rank: int, job: Job) -> None:
        """Have a job done, after those of a lower rank."""
        self._jobs.put((rank, next(self._number), job))

    def dismiss(self) -> None:
        """Let each thread end after the job that it does; those that wait are not done."""
        for _ in range(self._threads):
            self._jobs.put((_FIRST, next(self._number), None))

    def _work(self) -> None:
        while (job := self._jobs.get()[2]) is not None:
            try:
                job()
            except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits for the news
                self.news.put(error)
