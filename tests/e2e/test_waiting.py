"""Faults that pass while an executor waits for CloudShell, and errors older
than its own work, are not failures."""
import pytest

from actions import artifact_of, start


@pytest.mark.parametrize("fault, param, count", [
    ("error", {"status": 404, "message": "no such sandbox"}, 1),
    ("garbage", None, 3), ("html", None, 3), ("wrong-type", None, 3)],
    ids=["404", "garbage", "html", "wrong type"])
def test_setup_goes_on(sim, worker, fault, param, count):
    """The executor looks again if it once does not find a sandbox, or if three
    answers in a row do not describe it."""
    assert worker.running()
    sim.fault("cloudshell", "GetSandbox", fault, param, count=count)
    job = sim.job_add("start-sandbox", configuration=start())
    sim.succeeded(job)
    assert sim.faults() == []
    assert [b["stops"] for b in sim.sandboxes()] == [0]


def test_older_faults_are_none_of_the_teardown(sim, make_worker):
    """Errors in the feed before the stop do not fail the end of a sandbox
    whose setup had failed."""
    make_worker({"start-sandbox.on_setup_failure": "keep"}).start()
    sim.settings(cloudshell={"setup": "error"})
    sim.failed(sim.job_add("start-sandbox", configuration=start()))
    (box,) = sim.sandboxes()
    sim.succeeded(sim.job_add(
        "end-sandbox", configuration={"WaitForTeardown": "true"},
        input=artifact_of(box["id"])))
    (box,) = sim.sandboxes()
    assert (box["state"], box["stops"]) == ("Ended", 1)
