"""The workers' clockwork."""

from arq.connections import RedisSettings

from workers.main import drain_worker, runs_worker


async def test_every_cron_job_has_a_name_of_its_own_since_arq_keeps_one_of_each() -> None:
    workers = (runs_worker(RedisSettings(), {}), drain_worker(RedisSettings(), {}))
    names = [job.name for worker in workers for job in worker.cron_jobs or ()]
    assert len(names) == len(set(names))
