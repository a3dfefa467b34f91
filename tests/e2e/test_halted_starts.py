"""A worker that ends just before a start: nothing starts, and nothing looks as
if it might have."""
from actions import start
from faults import locked_ledger
from sim import wait_for

# Far beyond any patience: nobody is killed here.
PATIENT = {"worker.kill_grace": "10m"}


def intent(worker, job):
    (facts,) = worker.ledger("SELECT json_extract(facts, '$.intent') "
                             "FROM job WHERE id = ?", job)[0]
    return facts


def parked_and_resumed(sim, worker, job):
    """The job was parked with nothing begun; the next start makes one
    sandbox."""
    assert worker.wait() == 0
    assert intent(worker, job) in (None, "none")
    assert sim.sandboxes() == []
    sim.clear_faults()
    worker.start()
    sim.succeeded(job)
    assert len(sim.sandboxes()) == 1
    assert sim.requests("cloudshell", "ListSandboxes") == []


def test_parked_while_the_intent_is_saved(sim, make_worker):
    """The park comes before the intent is on disk: the start is not made
    afterwards."""
    worker = make_worker(PATIENT, {"WATCHDOG_USEC": "400000"}).start()
    sim.fault("cloudshell", "*", "status", {"status": 503, "body": ""},
              count=-1, match="blueprints")
    job = sim.job_add("start-sandbox", configuration=start())
    wait_for(lambda: [n for n in sim.requests("cloudshell")
                      if "blueprints" in n["target"]], "a look at blueprints",
             worker.stderr)
    with locked_ledger(worker):
        sim.clear_faults()
        worker.wait_stderr("starting the sandbox")
        worker.wait_stderr("claims nothing")
        worker.terminate()
        wait_for(lambda: worker.notify.lines("STOPPING"), "STOPPING=1",
                 worker.stderr)
        # the park follows in one of the next turns of the loop
        fed = len(worker.notify.lines("WATCHDOG"))
        wait_for(lambda: len(worker.notify.lines("WATCHDOG")) > fed + 2,
                 "the watchdog", worker.stderr)
    assert worker.wait() == 0
    assert sim.requests("cloudshell", "StartSandbox") == []
    parked_and_resumed(sim, worker, job)


def test_parked_during_the_call(sim, make_worker):
    """The executor waits for a start under way and reports what it made; then
    it exits at once, and the next one waits for that sandbox."""
    worker = make_worker(PATIENT).start()
    sim.settings(cloudshell={"setup": "never"})
    sim.fault("cloudshell", "StartSandbox", "delay", {"ms": 3000})
    job = sim.job_add("start-sandbox", configuration=start())
    sim.wait_fault_used()
    assert intent(worker, job) == "sandbox-start"
    worker.terminate()
    assert worker.wait() == 0
    assert intent(worker, job) == "none"
    (box,) = sim.sandboxes()
    worker.start()
    sim.sandbox_set(box["id"], state="Ready")
    told = sim.succeeded(job)
    assert told["console"]["variables"]["SandboxId"] == box["id"]
    assert len(sim.requests("cloudshell", "StartSandbox")) == 1
    assert sim.requests("cloudshell", "ListSandboxes") == []


def test_parked_while_a_start_is_repeated(sim, make_worker):
    """A start that the quota delays is not a call under way: the park ends its
    pause at once, and leaves no intent to look for."""
    worker = make_worker(PATIENT).start()
    sim.fault("cloudshell", "StartSandbox", "status", {
        "status": 429, "body": "", "headers": {"Retry-After": "300"}},
              count=-1)
    job = sim.job_add("start-sandbox", configuration=start())
    sim.wait_requests("cloudshell", "StartSandbox")
    worker.wait_stderr("StartSandbox|/start.*429|429")
    worker.terminate()
    parked_and_resumed(sim, worker, job)
