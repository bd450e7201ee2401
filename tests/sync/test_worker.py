"""The worker of the queue ends when it is told to, whatever its tasks make of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sync import tasks


async def deaf_once() -> None:
    """Swallow one cancellation, as wait_for does when what it waits for ends at the same moment."""
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        await asyncio.sleep(3600)


async def wait_a_little(ctx: dict[str, Any]) -> None:
    """Be a job that is at work when the end comes."""
    await asyncio.sleep(0.3)


@pytest.fixture
async def worker(postgres: str) -> AsyncIterator[tasks.InProcessWorker]:
    bell = tasks.Queue(postgres)
    await bell.queue.connect()
    yield tasks.InProcessWorker(bell.queue, functions=[tasks.take_in, wait_a_little])
    await bell.queue.disconnect()


async def test_the_worker_ends_though_a_task_swallows_a_cancellation_and_what_it_works_on_is_finished(
    worker: tasks.InProcessWorker,
) -> None:
    running = asyncio.create_task(worker.start())
    while not worker.tasks:
        await asyncio.sleep(0.01)
    deaf = asyncio.create_task(deaf_once())
    worker.tasks.add(deaf)
    job = await worker.queue.enqueue("wait_a_little")
    while not worker.job_task_contexts:
        await asyncio.sleep(0.01)
    worker.event.set()
    await running
    assert deaf.cancelled()
    assert job is not None
    await job.refresh()
    assert job.status == "complete"
