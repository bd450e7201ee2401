"""The worker of the queue ends when it is told to, whatever its tasks make of it."""

import asyncio

from sync import tasks


async def deaf_once() -> None:
    """Swallow one cancellation, as wait_for does when what it waits for ends at the same moment."""
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        await asyncio.sleep(3600)


async def test_a_task_that_swallows_a_cancellation_does_not_hold_up_the_end(postgres: str) -> None:
    bell = tasks.Queue(postgres)
    await bell.queue.connect()
    worker = tasks.InProcessWorker(bell.queue, functions=[tasks.take_in])
    running = asyncio.create_task(worker.start())
    while not worker.tasks:
        await asyncio.sleep(0.01)
    deaf = asyncio.create_task(deaf_once())
    worker.tasks.add(deaf)
    await asyncio.sleep(0)
    await tasks._stop(worker, running)
    assert running.done()
    assert deaf.cancelled()
    await bell.queue.disconnect()
