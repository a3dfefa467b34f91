"""Who owns a job: with ambiguous_claim = run a worker takes what it may have
claimed itself, and never what another one has."""
from actions import run_job
from sim import wait_for

RUN = {"worker.ambiguous_claim": "run"}


def test_claimed_by_another_at_once(sim, make_worker):
    """A nonce refused at the first attempt means that another worker has the
    job: this one drops it, despite ambiguous_claim = run."""
    sim.settings(codepipeline={"redeliver_ms": 3600000})
    sim.fault("codepipeline", "AcknowledgeJob", "error", {
        "code": "InvalidNonceException", "message": "x"})
    worker = make_worker(RUN).start()
    job = run_job(sim, sim.sandbox_add())
    worker.wait_ledger(job, "dropped")
    sim.succeeded(run_job(sim, sim.sandbox_add("two"), "db", "deploy"))
    told = sim.job(job)
    assert (told["acknowledged"], told["results"]) == (0, [])
    assert [e["command"] for e in sim.executions()] == ["deploy"]


def test_claimed_after_an_attempt_without_effect(sim, make_worker):
    """The job is not ours either if an earlier attempt cannot have taken
    effect."""
    sim.settings(codepipeline={"redeliver_ms": 3600000})
    sim.fault("codepipeline", "AcknowledgeJob", "error", {
        "code": "ThrottlingException", "message": "x"})
    sim.fault("codepipeline", "AcknowledgeJob", "error", {
        "code": "InvalidNonceException", "message": "x"})
    worker = make_worker(RUN).start()
    job = run_job(sim, sim.sandbox_add())
    worker.wait_ledger(job, "dropped")
    assert (sim.job(job)["results"], sim.executions()) == ([], [])


def test_slower_claim_of_two_workers(sim, make_worker):
    """One worker's claim takes so long that CodePipeline offers the job to the
    other one, which is faster: the job runs once."""
    sim.settings(codepipeline={"redeliver_ms": 100})
    sim.fault("codepipeline", "AcknowledgeJob", "delay", {"ms": 3000})
    workers = [make_worker(RUN).start(), make_worker(RUN).start()]
    job = run_job(sim, sim.sandbox_add())
    sim.succeeded(job)

    def states():
        return [w.ledger_state(job) for w in workers]
    wait_for(lambda: "claiming" not in states() and "ours" not in states() and
             "result" not in states(), "the end of both claims", states)
    assert states().count("done") == 1
    assert len(sim.executions()) == 1
    told = sim.job(job)
    assert (told["acknowledged"], len(told["results"])) == (1, 1)
