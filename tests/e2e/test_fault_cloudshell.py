"""A CloudShell that misbehaves: the worker waits out what passes, reports what
does not, and starts nothing twice."""
import json

import pytest

from actions import artifact_of, run_job, start
from faults import FAST, Beside, Listener, Peak, once, told
from sim import PASSWORD, Relay, wait_for
from worker import alive

GIB = 1 << 30
HTML_500 = {"status": 500, "type": "text/html",
            "body": "<html><head><title>Oops</title></head></html>"}
QUOTA = "Request rate quota has been exceeded"
# Megabytes take longer than a second on a busy machine.
UNHURRIED = {"worker.http_timeout": "50s"}


@pytest.fixture(name="worker")
def fixture_worker(make_worker):
    return make_worker(FAST).start()


def start_job(sim, **properties):
    return sim.job_add("start-sandbox", configuration=start(**properties))


def limited(make_worker, action, seconds, **more):
    settings = dict(FAST, **{action + ".timeout": "%ds" % seconds})
    return make_worker(dict(settings, **more)).start()


# --- what passes ---

PASSING = {
    "500": ("status", HTML_500),
    "503": ("status", {"status": 503, "body": "",
                       "headers": {"Retry-After": "1"}}),
    "quota": ("error", {"status": 429, "message": QUOTA}),
    "quota in 200": ("body", {"body": {
        "errorCategory": "Quota", "statusCode": 429, "message": QUOTA}}),
    "hang": ("hang", None), "reset": ("reset", None),
    "close": ("close", None), "cut": ("cut", None),
    "garbage": ("garbage", None), "html": ("html", None),
    "deep": ("deep", {"depth": 10000}),
    "slow": ("slow", {"bytes": 200, "ms": 20}),
}


# How often in a row these occur; the others occur once.
AGAIN_AND_AGAIN = {"500": 4, "quota": 4, "reset": 4, "close": 4}


@pytest.mark.parametrize("name", sorted(PASSING))
def test_fault_that_passes(sim, worker, name):
    """A failed read is repeated within one look; the command starts once."""
    times = AGAIN_AND_AGAIN.get(name, 1)
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.fault("cloudshell", "GetExecution", *PASSING[name], count=times)
        sim.succeeded(run_job(sim, box))
        assert sim.faults() == []
        assert [bool(n["fault"]) for n in sim.requests(
            "cloudshell", "GetExecution")][:times] == [True] * times
        if times > 1:
            assert "attempt %d" % times in worker.stderr()
        assert beside.posts() == ["StartSandboxCommand"]
        assert len(beside.executions()) == 1


@pytest.mark.parametrize("name", ["500", "quota", "garbage"])
def test_login_that_fails_for_a_while(sim, worker, name):
    with Beside(sim, worker, "run-command") as beside:
        sim.fault("cloudshell", "Login", *PASSING[name],
                  count=2 if name == "garbage" else 3)
        sim.succeeded(start_job(sim))
        assert sim.faults() == []
        assert beside.posts() == ["StartSandbox"]


def test_everything_fails_for_a_while(sim, worker):
    """A server that answers the first requests of each kind with 500, both
    jobs waiting: all is done once."""
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        for operation in ("Login", "GetSandbox", "ListComponents",
                          "GetExecution"):
            sim.fault("cloudshell", operation, "status", HTML_500, count=2)
        sim.succeeded(run_job(sim, box, "db", "deploy"))
        assert sim.faults() == []
        assert beside.posts() == ["StartComponentCommand"]


def test_quota_all_the_time(sim, worker):
    """The quota refuses every third request: a sandbox's whole life still goes
    through, each start once."""
    sim.settings(cloudshell={"quota_every": 3, "quota_status": 400})
    sim.succeeded(start_job(sim))
    (box,) = sim.sandboxes()
    sim.succeeded(run_job(sim, box["id"]))
    sim.succeeded(sim.job_add("end-sandbox", configuration={},
                              input=artifact_of(box["id"])))
    assert worker.running()
    assert (box["starts"], len(sim.executions())) == (1, 1)
    assert sim.sandbox(box["id"])["stops"] == 1


# --- starts of which nothing is known ---

LOST = {
    "close": ("close", None), "close before": ("close-before", None),
    "reset": ("reset", None), "cut": ("cut", None),
    "hang after": ("hang-after", None),
    "500 after": ("after-status", HTML_500),
    "500": ("status", HTML_500),
    "garbage": ("garbage", None), "html": ("html", None),
    "wrong type": ("wrong-type", None), "deep": ("deep", {"depth": 1000000}),
    "huge": ("huge", {"bytes": GIB}),
    "no id": ("body", {"body": {"supports_cancellation": True}}),
}
ACTED = {"close", "cut", "hang after", "500 after"}


@pytest.mark.parametrize("name", sorted(LOST))
def test_lost_command_start(sim, worker, name):
    """The command may have run: the worker does not start it again, and tells
    the author to look."""
    with Beside(sim, worker) as beside:
        sim.fault("cloudshell", "StartSandboxCommand", *LOST[name])
        job = run_job(sim, sim.sandbox_add())
        told(sim, job, "JobFailed", '"smoke test"', "may have run",
             "did not start it again", "look in CloudShell")
        assert beside.posts() == ["StartSandboxCommand"]
        once(sim, "StartSandboxCommand")
        assert len(beside.executions()) == (name in ACTED)


@pytest.mark.parametrize("name", ["close", "reset"])
def test_lost_start_of_a_component_command(sim, worker, name):
    """The same for the command of a component."""
    with Beside(sim, worker) as beside:
        sim.fault("cloudshell", "StartComponentCommand", *LOST[name])
        job = run_job(sim, sim.sandbox_add(), "db", "deploy")
        told(sim, job, "JobFailed", '"deploy"', '"db"', "may have run")
        once(sim, "StartComponentCommand")
        assert len(beside.executions()) == (name in ACTED)
        sim.clear_faults()


@pytest.mark.parametrize("name", sorted(ACTED - {"hang after"}))
def test_lost_sandbox_start_is_adopted(sim, worker, name):
    """The worker finds the sandbox of an unanswered start by its name, and
    does not start another."""
    with Beside(sim, worker, "run-command") as beside:
        sim.fault("cloudshell", "StartSandbox", *LOST[name])
        job = sim.succeeded(start_job(sim))
        (box,) = beside.sandboxes()
        assert job["console"]["variables"]["SandboxId"] == box["id"]
        assert beside.posts() == ["StartSandbox"]
        once(sim, "StartSandbox")


def test_lost_sandbox_start_that_did_nothing(sim, worker):
    """No sandbox appears for a while: then the worker sends the start again,
    once."""
    with Beside(sim, worker, "run-command") as beside:
        sim.fault("cloudshell", "StartSandbox", "close-before")
        job = sim.succeeded(start_job(sim))
        (box,) = beside.sandboxes()
        assert job["console"]["variables"]["SandboxId"] == box["id"]
        assert beside.posts() == ["StartSandbox", "StartSandbox"]


def test_lost_sandbox_start_without_a_tag(sim, make_worker):
    """Without a tag in its name a sandbox cannot be recognised: the text says
    that it may exist."""
    worker = make_worker(dict(FAST, **{"worker.tag_sandbox_names":
                                       "no"})).start()
    with Beside(sim, worker, "run-command") as beside:
        sim.fault("cloudshell", "StartSandbox", "close")
        told(sim, start_job(sim, SandboxName="mine"), "JobFailed", '"mine"',
             "may exist", "End it there")
        assert beside.posts() == ["StartSandbox"]


def queued_start(sim, name):
    """A start that no worker polls for yet: its job and sandbox name."""
    job = start_job(sim, SandboxName=name)
    return job, "%s [%s]" % (name, job[:8])


def test_lost_start_with_the_name_taken(sim, make_worker):
    """Two sandboxes have that name: the worker takes and ends neither, names
    both, and promises no clean-up, which could not decide either."""
    job, name = queued_start(sim, "mine")
    other = sim.sandbox_add(name)
    sim.fault("cloudshell", "StartSandbox", "close")
    worker = make_worker(FAST).start()
    message = told(sim, job, "JobFailed", "several sandboxes", name, other)
    boxes = sim.sandboxes()
    assert len(boxes) == 2 and worker.running()
    assert all(box["id"] in message for box in boxes)
    assert "goes on" not in message and "..." not in message
    worker.wait_ledger(job, "done")
    assert [box["stops"] for box in boxes] == [0, 0]
    assert len(sim.requests("cloudshell", "StartSandbox")) == 1
    assert sim.sandbox(other)["state"] == "Ready"


@pytest.mark.parametrize("change", [
    {"blueprint": "Private Blueprint"}, {"state": "Ended"}])
def test_lost_start_takes_no_stranger(sim, make_worker, change):
    """A sandbox that has ended, or comes from another blueprint, is not
    ours."""
    job, name = queued_start(sim, "mine")
    other = sim.sandbox_add(name, change.get("blueprint", "Demo Blueprint"))
    if "state" in change:
        sim.sandbox_set(other, state=change["state"])
    sim.fault("cloudshell", "StartSandbox", "close")
    worker = make_worker(FAST).start()
    variables = sim.succeeded(job)["console"]["variables"]
    assert variables["SandboxId"] != other and worker.running()
    assert len(sim.sandboxes()) == 2


@pytest.mark.parametrize("tag", ["yes", "no"])
def test_same_sandbox_name_twice(sim, make_worker, tag):
    """Two actions that ask for the same name get a sandbox each."""
    worker = make_worker({"worker.tag_sandbox_names": tag}).start()
    jobs = [start_job(sim, SandboxName="mine") for _ in range(2)]
    ids = {sim.succeeded(job)["console"]["variables"]["SandboxId"]
           for job in jobs}
    assert ids == {box["id"] for box in sim.sandboxes()} and len(ids) == 2
    names = {box["name"] for box in sim.sandboxes()}
    assert names == ({"mine [%s]" % job[:8] for job in jobs}
                     if tag == "yes" else {"mine"})
    assert [box["starts"] for box in sim.sandboxes()] == [1, 1]
    assert worker.running()


# --- what does not pass: the login ---

@pytest.mark.parametrize("fault, param, kind, words", [
    ("hang", None, "SystemUnavailable", ["cannot be reached", "firewall"]),
    ("reset", None, "SystemUnavailable", ["cannot be reached"]),
    ("status", HTML_500, "SystemUnavailable", ["HTTP 500", "services run"]),
    ("error", {"status": 429, "message": QUOTA}, "SystemUnavailable",
     ["quota"])])
def test_login_that_never_works(sim, make_worker, fault, param, kind, words):
    """The text names the server and what to look at."""
    worker = limited(make_worker, "run-command", 4)
    with Beside(sim, worker) as beside:
        sim.fault("cloudshell", "Login", fault, param, count=-1)
        told(sim, run_job(sim, sim.sandbox_add()), kind, "CloudShell",
             *words)
        assert beside.posts() == []


@pytest.mark.parametrize("fault, param", [
    ("html", None), ("garbage", None),
    ("status", {"status": 404, "body": "<html>IIS</html>",
                "type": "text/html"}),
    ("deep", {"depth": 1000000}), ("huge", {"bytes": GIB}),
    ("huge", {"bytes": GIB, "chunked": True})],
    ids=["html", "garbage", "404", "deep", "huge", "chunked"])
def test_login_to_something_else(sim, worker, fault, param):
    """The server is not a CloudShell: the text says which address is wrong and
    what it could be."""
    with Beside(sim, worker) as beside:
        sim.fault("cloudshell", "Login", fault, param, count=-1)
        told(sim, run_job(sim, sim.sandbox_add()), "ConfigurationError",
             sim.urls["cloudshell"], "not a CloudShell Sandbox API",
             "the worker's CloudShell url")
        assert beside.posts() == []


def test_server_that_accepts_and_never_answers(sim, make_worker):
    """A port that accepts connections and does nothing else; jobs connected
    before go on."""
    relay = Relay(sim.urls["cloudshell"])
    relay.open()
    try:
        worker = limited(make_worker, "run-command", 3, **{
            "cloudshell.url": relay.url})
        with Beside(sim, worker) as beside:
            relay.mute(True)
            told(sim, run_job(sim, sim.sandbox_add()), "SystemUnavailable",
                 "cannot be reached at " + relay.url, "firewall")
            assert beside.executions() == [] and relay.muted > 0
            relay.mute(False)
    finally:
        relay.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_server_that_never_answered(sim, make_worker, scheme):
    """The same from the start, where TLS is spoken, too."""
    silent = Listener()
    try:
        worker = limited(make_worker, "run-command", 3, **{
            "cloudshell.url": "%s://127.0.0.1:%d" % (scheme, silent.port)})
        job = run_job(sim, sim.sandbox_add())
        told(sim, job, "SystemUnavailable", "cannot be reached at %s://"
             "127.0.0.1:%d" % (scheme, silent.port), "firewall")
        worker.wait_executors(0)
        assert sim.executions() == [] and silent.taken
    finally:
        silent.close()


def test_login_that_tells_the_password(sim, worker):
    """A server that repeats what it received does not bring the password into
    texts and logs."""
    with Beside(sim, worker) as beside:
        sim.fault("cloudshell", "Login", "error", {
            "status": 401, "message": "Login failed: '%s' is not the password"
            % PASSWORD}, count=-1)
        told(sim, run_job(sim, sim.sandbox_add()), "PermissionError",
             "Login failed: '***' is not the password")
        assert beside.posts() == []


# --- what does not pass: reads ---

ENDLESS = [("huge", {"bytes": GIB}),
           ("huge", {"bytes": GIB, "chunked": True}),
           ("deep", {"depth": 1000000})]
ENDLESS_IDS = ["huge", "chunked", "deep"]


@pytest.mark.parametrize("fault, param", ENDLESS, ids=ENDLESS_IDS)
@pytest.mark.parametrize("operation, action", [
    ("GetSandbox", "run-command"), ("GetBlueprint", "start-sandbox")])
def test_answer_without_end(sim, worker, fault, param, operation, action):
    """The worker reads no gigabyte and follows no million brackets."""
    other = {"run-command": "start-sandbox",
             "start-sandbox": "run-command"}[action]
    with Beside(sim, worker, other) as beside, Peak(worker) as peak:
        box = sim.sandbox_add()
        match = box if operation == "GetSandbox" else "Demo"
        sim.fault("cloudshell", operation, fault, param, count=-1,
                  match=match)
        job = run_job(sim, box) if action == "run-command" else \
            start_job(sim)
        told(sim, job, "SystemUnavailable", *(
            ["(more than 200000 values)"]
            if fault == "deep" else
            ["The worker asked CloudShell to read the",
             "(larger than 8 MiB)",
             "Tell the worker's operator"]))
        assert beside.posts() == []
    assert 0 < peak.bytes < 256 << 20


@pytest.mark.parametrize("fault, param", [
    ("garbage", None), ("wrong-type", None)])
def test_read_that_is_never_understood(sim, worker, fault, param):
    """Three answers that make no sense are enough."""
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.fault("cloudshell", "GetSandbox", fault, param, count=-1,
                  match=box)
        told(sim, run_job(sim, box), "SystemUnavailable",
             "does not understand the answer", "read the sandbox",
             "3 tries")
        assert beside.posts() == []


@pytest.mark.parametrize("fault, param, words", [
    ("status", HTML_500, ["failed to", "HTTP 500"]),
    ("error", {"status": 429, "message": QUOTA}, ["request quota"])],
    ids=["500", "quota"])
def test_read_that_never_works(sim, make_worker, fault, param, words):
    """The worker repeats the read while there is time; the text says what was
    wrong."""
    worker = limited(make_worker, "run-command", 8)
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.fault("cloudshell", "GetSandbox", fault, param, count=-1,
                  match=box)
        told(sim, run_job(sim, box), "SystemUnavailable", "CloudShell",
             "read the sandbox", "tries", *words)
        assert beside.posts() == []
        assert len([n for n in sim.requests("cloudshell", "GetSandbox")
                    if box in n["target"]]) >= 3


def test_read_that_is_never_answered(sim, make_worker):
    """The time is up during a call: the text names the step and the
    silence."""
    worker = limited(make_worker, "run-command", 6, **UNHURRIED)
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.fault("cloudshell", "GetSandbox", "hang", count=-1, match=box)
        told(sim, run_job(sim, box), "JobFailed", "Timed out after 6 s while "
             "looking up the sandbox", "did not answer the last request")
        assert beside.posts() == []


@pytest.mark.parametrize("fault, param, seconds, kind, words", [
    ("garbage", None, 600, "SystemUnavailable", ["does not understand"]),
    ("huge", {"bytes": GIB}, 600, "SystemUnavailable",
     ["output is larger than 8 MiB"]),
    ("hang", None, 6, "JobFailed", [
        "Timed out after 6 s while waiting for the command",
        "did not answer the last request"]),
    ("status", {"status": 418, "body": "teapot"}, 600, "JobFailed",
     ["refused to", "HTTP 418", "teapot"])],
    ids=["garbage", "huge", "hang", "418"])
def test_running_command_that_cannot_be_read(
        sim, make_worker, fault, param, seconds, kind, words):
    """The worker gives up on a running command: it cancels it without knowing
    whether it still runs, and says so."""
    worker = limited(make_worker, "run-command", seconds, **dict(
        UNHURRIED, **{"worker.kill_grace": "20s"}))
    with Beside(sim, worker) as beside:
        sim.settings(cloudshell={"command": {"ms": 600000}})
        box = sim.sandbox_add()
        sim.fault("cloudshell", "GetExecution", fault, param, count=-1)
        told(sim, run_job(sim, box), kind, "The command was cancelled.",
             *words)
        (execution,) = beside.executions()
        assert execution["cancelled"]
        assert beside.posts() == ["StartSandboxCommand", "CancelExecution"]
        sim.settings(cloudshell={"command": {"ms": 1}})


def test_output_beyond_the_limit(sim, make_worker):
    """A command ended with 9 MB of output: the text says that the output was
    the fault, not that the command goes on."""
    worker = make_worker(dict(FAST, **UNHURRIED)).start()
    with Beside(sim, worker) as beside:
        sim.settings(cloudshell={"command": {"output_bytes": 9000000}})
        message = told(
            sim, run_job(sim, sim.sandbox_add()), "SystemUnavailable",
            "The command's output is larger than 8 MiB, so the worker "
            "cannot tell whether it succeeded: make the command print less")
        assert "may go on" not in message
        assert beside.posts("StartSandboxCommand") == ["StartSandboxCommand"]
        sim.settings(cloudshell={"command": {"output_bytes": 0}})


def test_setup_that_cannot_be_read(sim, worker):
    """The worker ends a started sandbox that it cannot watch."""
    with Beside(sim, worker, "run-command") as beside:
        sim.fault("cloudshell", "GetSandbox", "status",
                  {"status": 418, "body": "teapot"}, count=-1)
        message = told(sim, start_job(sim), "JobFailed", "read the sandbox",
                       "418")
        assert ". The worker will end sandbox" in message
        sim.wait_sandbox(lambda s: s["id"] != beside.box and s["stops"] == 1)
        assert beside.posts() == ["StartSandbox", "StopSandbox"]


@pytest.mark.parametrize("fault, param", [
    ("status", HTML_500), ("hang", None), ("close", None), ("html", None)],
    ids=["500", "hang", "close", "html"])
def test_stop_that_fails_for_a_while(sim, worker, fault, param):
    """Asking twice for an end is safe: the sandbox ends."""
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.fault("cloudshell", "StopSandbox", fault, param)
        sim.succeeded(sim.job_add("end-sandbox", configuration={},
                                  input=artifact_of(box)))
        assert sim.sandbox(box)["state"] in ("Teardown", "Ended")
        assert set(beside.posts()) == {"StopSandbox"}


# --- reads that the work can do without ---

SILENT = {"500": ("status", HTML_500), "hang": ("hang", None),
          "quota": ("status", {"status": 429, "body": "",
                               "headers": {"Retry-After": "60"}})}


@pytest.mark.parametrize("name", sorted(SILENT))
def test_feed_that_is_never_read(sim, make_worker, name):
    """An end that waits for the teardown reads the feed before and after: it
    ends the sandbox all the same, after a few tries."""
    worker = limited(make_worker, "end-sandbox", 60)
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.fault("cloudshell", "GetActivity", *SILENT[name], count=-1)
        job = sim.job_add("end-sandbox", input=artifact_of(box),
                          configuration={"WaitForTeardown": "true"})
        (stop,) = sim.wait_requests("cloudshell", "StopSandbox")
        before = [n for n in sim.requests("cloudshell", "GetActivity")
                  if n["time_ms"] <= stop["time_ms"]]
        assert len(before) <= 3
        result = sim.succeeded(job)["console"]
        assert "cannot read the activity feed" in result["summary"], result
        assert beside.posts() == ["StopSandbox"]


@pytest.mark.parametrize("name", sorted(SILENT))
def test_failed_setup_without_its_feed(sim, make_worker, name):
    """The text names the failure and its stage, and the sandbox is ended."""
    worker = limited(make_worker, "start-sandbox", 40)
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(cloudshell={"setup": "error",
                                 "setup_stage_stop": "Connectivity"})
        sim.fault("cloudshell", "GetActivity", *SILENT[name], count=-1)
        told(sim, start_job(sim), "JobFailed", "setup of sandbox", "failed",
             "in stage Connectivity: the reason is not known, because the "
             "worker could not read its activity feed. The sandbox was ended.")
        assert beside.posts() == ["StartSandbox", "StopSandbox"]


@pytest.mark.parametrize("name", sorted(SILENT))
def test_unknown_command_without_the_names(sim, make_worker, name):
    """The text says what was wrong; while the worker asks for the names, no
    start is under way any more."""
    worker = limited(make_worker, "run-command", 40)
    with Beside(sim, worker) as beside:
        sim.fault("cloudshell", "ListSandboxCommands", *SILENT[name],
                  count=-1)
        job = run_job(sim, sim.sandbox_add(), "SANDBOX", "nosuch")
        sim.wait_requests("cloudshell", "ListSandboxCommands")
        assert '"intent":"none"' in worker.ledger(
            "SELECT facts FROM job WHERE id = ?", job)[0][0]
        told(sim, job, "ConfigurationError", 'command "nosuch" not found')
        assert beside.posts() == ["StartSandboxCommand"]


# --- redirections ---

@pytest.mark.parametrize("operation, status", [
    ("Login", 301), ("Login", 302), ("Login", 307), ("Login", 308),
    ("GetSandbox", 302), ("StartSandboxCommand", 307),
    ("StartSandboxCommand", 303)])
def test_redirection(sim, worker, status, operation):
    """Neither password nor token follow a redirection to another host."""
    other = Listener(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\"no\"")
    location = "http://localhost:%d/api/login?x=1" % other.port
    try:
        with Beside(sim, worker) as beside:
            box = sim.sandbox_add()
            sim.fault("cloudshell", operation, "status", {
                "status": status, "body": "",
                "headers": {"Location": location}}, count=-1,
                **({} if operation == "Login" else {"match": box}))
            told(sim, run_job(sim, box), "ConfigurationError",
                 "redirects to another address",
                 "localhost:%d/api/login" % other.port, "does not follow",
                 "the worker's CloudShell url")
            assert beside.executions() == []
            assert beside.posts() == (
                ["StartSandboxCommand"] if operation.startswith("Start")
                else [])
            assert PASSWORD not in worker.stderr()
    finally:
        other.close()
    assert other.taken == [] and alive(worker.pid)


@pytest.mark.parametrize("operation", ["GetExecution", "GetSandbox"])
def test_half_a_surrogate_pair(sim, make_worker, operation):
    """A text that the server cut in the middle of an emoji is read all the
    same: the command has succeeded, the sandbox is Ready."""
    worker = make_worker(dict(FAST, **{
        "run-command.output_variable": "yes"})).start()
    sim.settings(cloudshell={"command": {"ms": 600000}, "setup": "never"})
    run_one = operation == "GetExecution"
    job = run_job(sim, sim.sandbox_add()) if run_one else sim.job_add(
        "start-sandbox", configuration=start())
    wait_for(lambda: sim.requests("cloudshell", operation), "a look",
             worker.stderr)
    what = sim.executions()[0]["id"] if run_one else sim.wait_sandbox(
        lambda s: True)["id"]
    body = {"id": what, "status": "Completed", "output": "HALF"} if run_one \
        else {"id": what, "name": "n", "state": "Ready", "description": "HALF"}
    sim.fault("cloudshell", operation, "status", {
        "status": 200, "type": "application/json", "body": json.dumps(
            body).replace("HALF", "cut \\ud83d")}, count=-1)
    console = sim.succeeded(job)["console"]
    if run_one:
        assert console["variables"]["CommandOutput"] == "cut \ufffd"
