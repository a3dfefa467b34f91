"""Orders larger than a pipe: they arrive whole, and an executor that does not
read its order keeps nobody else waiting."""
import os
import signal

from actions import artifact_of, run, start
from conftest import BUILD, program
from procs import Libexec
from sim import wait_for
from worker import alive

# As much as CodePipeline gives; each character takes two bytes in an order,
# which thus exceeds a pipe's 64 KiB.
LARGE = {"Property%d" % n: '"' * 1000 for n in range(60)}


def test_large_order(sim, worker):
    """The supervisor writes it piece by piece as the executor reads."""
    assert worker.running()
    job = sim.job_add("run-command", configuration=run(**LARGE),
                      input=artifact_of(sim.sandbox_add()))
    sim.succeeded(job)
    assert len(sim.executions()) == 1


def test_order_that_is_not_read(sim, make_worker, tmp_path):
    """The supervisor does not wait for an executor that reads nothing: others
    begin and end, and it notices that one's end."""
    program("fakeexec")
    libexec = Libexec(BUILD, tmp_path)
    libexec.install("fakeexec")
    libexec.modes("unread")
    worker = make_worker(libexec.settings).start()
    box = sim.sandbox_add()
    job = sim.job_add("run-command", configuration=run(**LARGE),
                      input=artifact_of(box))
    (pid,) = worker.wait_executors(1)
    worker.wait_stderr("executor %d begins" % pid)
    sim.succeeded(sim.job_add("start-sandbox", configuration=start()))
    assert alive(pid) and sim.job(job)["state"] == "InProgress"
    os.kill(pid, signal.SIGKILL)
    assert "signal 9" in sim.failed(job)["message"]
    wait_for(lambda: not worker.executors(), "the executor's end",
             worker.stderr)
