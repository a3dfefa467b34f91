"""Polling, claiming, reporting, limits, and what the supervisor tells
systemd."""
import os
import re
import signal

import pytest

from actions import LONG, artifact_of, run, run_job, running_job, start
from faults import let_go, locked_ledger
from sim import PASSWORD, WORKER_SECRET, Relay, json_of, wait_for
from worker import alive, children

TYPES = {(p, v) for v in ("9", "10") for p in (
    "Quali-Start-Sandbox", "Quali-Run-Command", "Quali-End-Sandbox")}


ONE_TYPE = {"worker.versions": "10", "start-sandbox.poll": "no",
            "end-sandbox.poll": "no"}


def polled_type(note):
    t = json_of(note)["actionTypeId"]
    return t["provider"], t["version"]


# --- systemd ---

def test_ready_and_status(worker):
    """READY=1 and a STATUS are sent."""
    assert worker.notify.lines("READY") == ["1"]
    wait_for(lambda: worker.notify.lines("STATUS"), "STATUS")


def test_stopping_when_idle(worker):
    """SIGTERM ends an idle supervisor with STOPPING=1 and status 0."""
    assert worker.stop() == 0
    assert worker.notify.lines("STOPPING") == ["1"]


def test_watchdog(make_worker):
    """With WATCHDOG_USEC the supervisor feeds the watchdog, more than once."""
    worker = make_worker(env={"WATCHDOG_USEC": "400000"}).start()
    wait_for(lambda: len(worker.notify.lines("WATCHDOG")) > 2, "WATCHDOG=1",
             lambda: worker.notify.messages)


def test_other_signals(worker):
    """SIGINT ends it as SIGTERM does."""
    worker.process.send_signal(signal.SIGINT)
    assert worker.wait() == 0


# --- polling ---

def test_polls_all_types(sim, worker):
    """The worker polls for all three actions in both versions."""
    wait_for(lambda: {polled_type(n) for n in sim.requests(
        "codepipeline", "PollForJobs")} == TYPES, "six types", worker.stderr)


def test_polls_the_wanted_types(sim, make_worker):
    """versions and poll = no choose what the worker polls for."""
    make_worker({"worker.versions": "10", "end-sandbox.poll": "no"}).start()
    notes = sim.wait_requests("codepipeline", "PollForJobs", 8)
    assert {polled_type(n) for n in notes} == {
        ("Quali-Start-Sandbox", "10"), ("Quali-Run-Command", "10")}


def test_refused_keys(sim, make_worker):
    """One record for all types, a word in the status, and one record each when
    AWS accepts them again."""
    sim.fault("codepipeline", "PollForJobs", "error", {
        "code": "InvalidSignatureException", "message": "The request "
        "signature we calculated does not match"}, count=-1)
    worker = make_worker({"worker.poll_interval": "200ms"}).start()
    wait_for(lambda: [s for s in worker.notify.lines("STATUS") if "6 of 6 "
                      "action types refused (InvalidSignatureException)" in s],
             "a status", lambda: worker.notify.messages)
    sim.wait_requests("codepipeline", "PollForJobs", 13)
    assert len(re.findall("error: .*InvalidSignature", worker.stderr())) == 1
    sim.clear_faults()
    wait_for(lambda: len(re.findall("can be polled now", worker.stderr())) ==
             6, "six recoveries", worker.stderr)
    wait_for(lambda: "refused" not in worker.notify.lines("STATUS")[-1],
             "a status", lambda: worker.notify.messages)


def test_keys_that_expired(sim, make_worker):
    """The worker looks them up again; getting the same ones does not make the
    polls forget their pauses."""
    sim.fault("codepipeline", "PollForJobs", "error", {
        "code": "ExpiredTokenException", "message": "old"}, count=-1)
    worker = make_worker({"worker.poll_interval": "200ms"}).start()
    wait_for(lambda: worker.stderr().count("next try in") >= 3,
             "three rounds", worker.stderr)
    assert worker.stderr().count("AWS credentials from") == 1


def test_missing_version(sim, make_worker):
    """A version that is not registered is a notice; an action without any is
    a warning that says what to do."""
    for missing in ('"version":"9"', '"Quali-End-Sandbox","version":"10"'):
        sim.fault("codepipeline", "PollForJobs", "error", {
            "code": "ActionTypeNotFoundException", "message": "none"},
            count=-1, match=missing)
    worker = make_worker({"worker.poll_interval": "200ms"}).start()
    worker.wait_stderr("notice: action type Custom/Deploy/Quali-Start-Sandbox/"
                       "9 does not exist")
    worker.wait_stderr("warning: action type Custom/Deploy/Quali-End-Sandbox/"
                       ".* nor does another version that the worker polls for: "
                       "register it")
    assert "warning: action type Custom/Test" not in worker.stderr()


def most_asked(polls, held_ms):
    """The largest sum of batch sizes outstanding at once; each poll was held
    for held_ms before its answer."""
    polls = [(n["time_ms"], json_of(n).get("maxBatchSize", 1)) for n in polls]
    return max(sum(size for t, size in polls if moment - held_ms < t <= moment)
               for moment, _ in polls)


def test_never_asks_for_more_than_free_slots(sim, make_worker):
    """The batch sizes of all outstanding polls never exceed the slots that
    running jobs leave free, and no job is left waiting."""
    held = 100
    sim.fault("codepipeline", "PollForJobs", "delay", {"ms": held}, count=-1)
    sim.settings(cloudshell={"commands": {"deploy": {"ms": 600000}}})
    box = sim.sandbox_add()
    long_ones = [run_job(sim, box, "db", "deploy") for _ in range(2)]
    make_worker({"worker.max_jobs": "4"}).start()
    for job in long_ones:
        sim.wait_job(job, "InProgress")
    before = sim.requests("codepipeline", "PollForJobs")
    assert most_asked(before, held) <= 4
    acknowledged = max(n["time_ms"] for n in sim.requests(
        "codepipeline", "AcknowledgeJob"))
    for job in [run_job(sim, box) for _ in range(7)]:
        sim.succeeded(job)
    sim.wait_requests("codepipeline", "PollForJobs", 30)
    after = [n for n in sim.requests("codepipeline", "PollForJobs")
             if n["time_ms"] > acknowledged]
    assert most_asked(after, held) <= 2


def test_max_jobs(sim, make_worker):
    """With all slots taken the worker does not poll; waiting jobs stay in the
    queue until a slot is free."""
    sim.settings(**LONG)
    box = sim.sandbox_add()
    for _ in range(5):
        run_job(sim, box)
    worker = make_worker({"worker.max_jobs": "2",
                          "worker.poll_interval": "100ms"},
                         {"WATCHDOG_USEC": "400000"}).start()
    wait_for(lambda: len(sim.executions()) == 2, "two commands",
             worker.stderr)
    pids = worker.wait_executors(2)
    last = max(n["time_ms"] for n in sim.requests(
        "codepipeline", "AcknowledgeJob"))
    # while the loop goes round: several poll intervals
    fed = len(worker.notify.lines("WATCHDOG"))
    wait_for(lambda: len(worker.notify.lines("WATCHDOG")) > fed + 4,
             "the watchdog", worker.stderr)
    assert [n for n in sim.requests("codepipeline", "PollForJobs")
            if n["time_ms"] > last] == []
    states = [j["state"] for j in sim.jobs()]
    assert states.count("InProgress") == 2 and states.count("Queued") == 3
    os.kill(min(pids), signal.SIGKILL)
    wait_for(lambda: len(sim.executions()) == 3, "the third command",
             worker.stderr)


def test_polls_again_at_once_after_a_full_batch(sim, make_worker):
    """A long poll_interval does not keep a full queue waiting."""
    sim.settings(codepipeline={"redeliver_ms": 3600000})
    box = sim.sandbox_add()
    jobs = [run_job(sim, box) for _ in range(12)]
    make_worker(dict(ONE_TYPE, **{"worker.max_jobs": "4",
                                  "worker.poll_interval": "1h"})).start()
    for job in jobs:
        sim.succeeded(job)
    notes = sim.requests("codepipeline", "PollForJobs")
    assert json_of(notes[0])["maxBatchSize"] == 4 and len(notes) >= 3


def test_missing_action_type(sim, make_worker):
    """A type that does not exist does not keep the worker from the others."""
    sim.settings(codepipeline={"action_types": [
        {"category": "Test", "provider": "Quali-Run-Command",
         "version": "9"}]})
    job = sim.job_add("run-command", version="9", configuration=run(),
                      input=artifact_of(sim.sandbox_add()))
    worker = make_worker().start()
    sim.succeeded(job)
    worker.wait_stderr("Quali-Start-Sandbox")
    sim.wait_requests("codepipeline", "PollForJobs", 12)


@pytest.mark.parametrize("fault, param", [
    ("error", {"code": "ThrottlingException", "message": "Rate exceeded",
               "status": 400}),
    ("error", {"code": "InternalFailure", "message": "x", "status": 500}),
    ("status", {"status": 503, "body": "<html>", "type": "text/html"}),
    ("garbage", None), ("close", None), ("reset", None), ("cut", None),
    ("huge", {"bytes": 100000000}), ("redirect", {"location": "/x"})])
def test_poll_faults(sim, worker, fault, param):
    """Whatever PollForJobs answers, the process lives and goes on."""
    sim.fault("codepipeline", "PollForJobs", fault, param, count=12)
    sim.wait_fault_used()
    job = sim.job_add("start-sandbox", configuration=start())
    sim.succeeded(job)
    assert worker.running()


def test_poll_backs_off(sim, make_worker):
    """While PollForJobs throttles, pauses double from the interval on."""
    sim.fault("codepipeline", "PollForJobs", "error", {
        "code": "ThrottlingException", "status": 400}, count=-1)
    worker = make_worker(dict(ONE_TYPE, **{
        "worker.poll_interval": "100ms"})).start()
    times = [n["time_ms"] for n in sim.wait_requests(
        "codepipeline", "PollForJobs", 6)]
    pauses = [b - a for a, b in zip(times, times[1:])]
    # 100 ms doubled; half of it at least, by the worker's own clock
    assert pauses[3] > 350 and pauses[4] > 750, pauses
    assert worker.running()


def test_aws_unreachable_at_start(sim, make_worker):
    """The process lives while AWS cannot be reached, and recovers."""
    relay = Relay(sim.urls["codepipeline"])
    try:
        worker = make_worker(env={"AWS_ENDPOINT_URL_CODEPIPELINE":
                                  relay.url}).start(ready=False)
        worker.wait_stderr(r"(?i)connect|refused|reach")
        assert worker.running()
        relay.open()
        sim.succeeded(sim.job_add("start-sandbox", configuration=start()))
        worker.stop()
    finally:
        relay.close()


@pytest.mark.bad_signatures
def test_wrong_aws_secret(sim, make_worker):
    """Refused signatures end nothing, and the log reports them."""
    worker = make_worker(env={"AWS_SECRET_ACCESS_KEY": "wrong-secret"}).start(
        ready=False)
    worker.wait_stderr("InvalidSignature|SignatureDoesNotMatch|signature")
    assert worker.running()
    assert "wrong-secret" not in worker.stderr()


def test_no_aws_credentials(sim, make_worker):
    """Without credentials the process lives and says what it looked for."""
    worker = make_worker(env={"AWS_ACCESS_KEY_ID": None,
                              "AWS_SECRET_ACCESS_KEY": None}).start(
        ready=False)
    worker.wait_stderr("no credentials: set AWS_ACCESS_KEY_ID.*; not "
                       "polling or reporting until there are some")
    assert worker.running() and sim.requests("codepipeline") == []


# --- claims ---

def test_claim_is_on_disk_before_the_acknowledge(sim, make_worker):
    """When AcknowledgeJob arrives the ledger has the claim, nonce included."""
    worker = make_worker()
    sim.fault("codepipeline", "AcknowledgeJob", "hang")
    job = run_job(sim, sim.sandbox_add())
    worker.start()
    sim.wait_requests("codepipeline", "AcknowledgeJob")
    rows = worker.ledger("SELECT state, nonce FROM job WHERE id = ?", job)
    assert rows == [("claiming", sim.job(job)["nonce"])]
    assert sim.executions() == [] and worker.executors() == set()
    sim.clear_faults()


def test_no_claim_while_the_ledger_cannot_be_written(sim, worker):
    """Nothing is acknowledged before the claim is on disk. After the first
    claim that cannot be written down the worker asks for no more jobs, which
    another worker could have; when the ledger can be written again both jobs
    run."""
    sim.settings(codepipeline={"redeliver_ms": 300})
    with locked_ledger(worker):
        job = run_job(sim, sim.sandbox_add())
        worker.wait_stderr("ledger: .*claims nothing")
        other = run_job(sim, sim.sandbox_add("two"))
        worker.wait_stderr("forget old jobs: .*locked")     # housekeeping
        assert sim.job(other)["deliveries"] == 0
        assert sim.requests("codepipeline", "AcknowledgeJob") == []
    for one in (job, other):
        sim.succeeded(one)
    assert len(sim.executions()) == 2


def test_result_goes_out_while_the_ledger_cannot_be_written(sim, worker):
    """A ledger that cannot be written stops claiming, not reporting."""
    job, _ = running_job(sim, worker, "start-sandbox")
    with locked_ledger(worker):
        (box,) = sim.sandboxes()
        sim.sandbox_set(box["id"], state="Ready")
        told = sim.succeeded(job)
        assert len(told["results"]) == 1
    worker.wait_ledger(job, "done")


@pytest.mark.parametrize("fault, param", [
    ("body", {"status": 200, "body": {"status": "Queued"}}),
    ("body", {"status": 200, "body": {"status": "Created"}}),
    ("body", {"status": 200, "body": {"status": "Succeeded"}}),
    ("body", {"status": 200, "body": {"status": "Surprise"}}),
    ("error", {"code": "InvalidNonceException", "message": "x"}),
    ("error", {"code": "JobNotFoundException", "message": "x"}),
    ("error", {"code": "ValidationException", "message": "x"})])
def test_runs_only_on_in_progress(sim, worker, fault, param):
    """Any other answer to AcknowledgeJob drops the job: no run, no result."""
    sim.settings(codepipeline={"redeliver_ms": 3600000})
    sim.fault("codepipeline", "AcknowledgeJob", fault, param)
    job = run_job(sim, sim.sandbox_add())
    sim.wait_fault_used()
    worker.wait_ledger(job, "dropped")
    other = run_job(sim, sim.sandbox_add("two"))
    sim.succeeded(other)
    told = sim.job(job)
    assert (told["acknowledged"], told["results"]) == (0, [])
    assert len(sim.executions()) == 1


@pytest.mark.parametrize("fault, param", [
    ("error", {"code": "ThrottlingException", "message": "Rate exceeded"}),
    ("close-before", None), ("reset", None),
    ("status", {"status": 503, "body": ""})])
def test_acknowledge_is_repeated(sim, worker, fault, param):
    """The worker repeats a claim until it takes effect."""
    sim.fault("codepipeline", "AcknowledgeJob", fault, param)
    job = run_job(sim, sim.sandbox_add())
    assert len(sim.succeeded(job)["results"]) == 1
    assert len(sim.executions()) == 1 and worker.running()


def test_two_workers_share_a_queue(sim, make_worker):
    """Every job runs exactly once, whoever gets the offer; neither worker has
    slots for all, so that each gets some."""
    sim.settings(codepipeline={"redeliver_ms": 30}, **LONG)
    settings = {"worker.poll_interval": "100ms", "worker.max_jobs": "8"}
    workers = [make_worker(settings).start(), make_worker(settings).start()]
    box = sim.sandbox_add()
    jobs = [run_job(sim, box, ArgumentsJSON='{"n": %d}' % n)
            for n in range(20)]
    let_go(sim, workers, 12)
    for job in jobs:
        told = sim.succeeded(job)
        assert [r["accepted"] for r in told["results"]] == [True]
        assert told["acknowledged"] == 1
    assert sorted(int(e["params"][0]["value"])
                  for e in sim.executions()) == list(range(20))
    done = [w.ledger("SELECT count(*) FROM job WHERE state IN "
                     "('done', 'result')")[0][0] for w in workers]
    assert min(done) > 0 and sum(done) == 20, done
    assert sum(j["refused_acks"] for j in sim.jobs()) > 0


# --- results ---

@pytest.mark.parametrize("fault, param", [
    ("error", {"code": "ThrottlingException", "message": "Rate exceeded"}),
    ("status", {"status": 500, "body": ""}),
    ("close-before", None), ("reset", None), ("close", None),
    ("after-status", {"status": 500, "body": ""})])
def test_result_is_repeated_until_taken(sim, worker, fault, param):
    """CodePipeline takes exactly one result, whatever happens to the first
    attempt."""
    sim.fault("codepipeline", "PutJobSuccessResult", fault, param)
    job = run_job(sim, sim.sandbox_add())
    sim.succeeded(job)
    worker.wait_ledger(job, "done")
    told = sim.job(job)
    assert [r["accepted"] for r in told["results"]].count(True) == 1
    assert told["state"] == "Succeeded"


def test_refused_result_is_given_up(sim, worker):
    """The worker does not send the result of an abandoned job for ever."""
    sim.settings(cloudshell={"setup": "never"})
    job = sim.job_add("start-sandbox", configuration=start())
    box = sim.wait_sandbox()
    sim.job_set(job, "Abandoned")
    sim.sandbox_set(box["id"], state="Ready")
    worker.wait_ledger(job, "done")
    assert sim.job(job)["state"] == "Abandoned" and worker.running()


# --- executors ---

def test_killed_executor(sim, worker):
    """Its job fails and names step and signal, the command is cancelled; the
    other job goes on undisturbed."""
    other, other_pid = running_job(sim, worker, "start-sandbox")
    job, pid = running_job(sim, worker)
    os.kill(pid, signal.SIGKILL)
    console = sim.failed(job)
    assert console["type"] == "SystemUnavailable"
    assert "waiting for the command" in console["message"]
    assert "signal 9" in console["message"]
    sim.wait_execution(lambda e: e["cancelled"])
    assert alive(other_pid)
    box = sim.wait_sandbox(lambda s: s["state"] != "Ready")
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(other)
    assert len(sim.executions()) == 1


def test_killed_executor_of_a_start(sim, worker):
    """The sandbox of a killed start is ended by a clean-up executor."""
    job, pid = running_job(sim, worker, "start-sandbox")
    os.kill(pid, signal.SIGKILL)
    assert "waiting for the sandbox's setup" in sim.failed(job)["message"]
    sim.wait_sandbox(lambda s: s["stops"] == 1)
    worker.wait_ledger(job, "done")


def test_killed_zygote(sim, worker):
    """A dead zygote is replaced; jobs run on and new ones start."""
    job, pid = running_job(sim, worker, "start-sandbox")
    old = {p: n for p, n in children(worker.pid).items() if p != pid}
    assert len(old) == 1, old
    os.kill(*old, signal.SIGKILL)
    sim.succeeded(run_job(sim, sim.sandbox_add("two"), "db", "deploy"))
    assert alive(pid)
    box = sim.wait_sandbox(lambda s: s["state"] != "Ready")
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(job)


def test_stopped_executor(sim, make_worker):
    """The worker kills an executor that obeys nothing after its deadline."""
    worker = make_worker({"run-command.timeout": "4s",
                          "worker.kill_grace": "500ms"}).start()
    job, pid = running_job(sim, worker)
    os.kill(pid, signal.SIGSTOP)
    message = sim.failed(job)["message"]
    assert "Timed out after 4 s" in message and "killed" in message
    sim.wait_execution(lambda e: e["cancelled"])


def test_deadline(sim, make_worker):
    """At the timeout the worker cancels a command that hangs; the text names
    the step."""
    worker = make_worker({"run-command.timeout": "4s"}).start()
    job, _ = running_job(sim, worker)
    console = sim.failed(job)
    assert console["type"] == "JobFailed"
    assert "Timed out after 4 s while waiting for the command" in \
        console["message"]
    assert [e["cancelled"] for e in sim.executions()] == [True]


def test_deadline_of_a_start(sim, make_worker):
    """At the timeout the worker gives up a setup that hangs and ends its
    sandbox."""
    worker = make_worker({"start-sandbox.timeout": "4s"}).start()
    job, _ = running_job(sim, worker, "start-sandbox")
    message = sim.failed(job)["message"]
    assert "while waiting for the sandbox's setup" in message
    sim.wait_sandbox(lambda s: s["stops"] == 1)


def test_deadline_in_a_hanging_call(sim, make_worker):
    """An unanswered call does not outlive the deadline."""
    make_worker({"run-command.timeout": "4s"}).start()
    sim.fault("cloudshell", "GetSandbox", "hang", count=-1)
    console = sim.failed(run_job(sim, sim.sandbox_add()))
    assert "Timed out after 4 s while looking up the sandbox" in \
        console["message"]
    assert sim.executions() == []


# --- secrets ---

def test_no_secret_in_arguments(sim, worker):
    """No process of the worker has a secret in its arguments. (Environments:
    test_secrets.)"""
    job = sim.job_add("run-command", configuration=run(),
                      secret={"Hidden": "job-secret-value"},
                      input=artifact_of(sim.sandbox_add()))
    sim.settings(**LONG)
    sim.wait_execution()
    pids = {worker.pid, *children(worker.pid)}
    assert len(pids) == 3
    for pid in pids:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            text = f.read()
        assert text.startswith((b"quali-", worker.program.encode())), text
        for secret in (WORKER_SECRET, PASSWORD, "job-secret-value"):
            assert secret.encode() not in text
    assert sim.job(job)["state"] == "InProgress"


# --- options and settings ---

def test_check_option(make_worker):
    """-n accepts a good configuration and starts nothing."""
    told = make_worker().run("-n")
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("settings, word", [
    ({"worker.typo": "1"}, r"worker\.conf:\d+: worker\.typo: unknown"),
    ({"typo.x": "1"}, r"worker\.conf:\d+: \[typo\]: unknown"),
    ({"worker.max_jobs": "0"}, r"worker\.conf:\d+: worker\.max_jobs: "),
    ({"worker.poll_interval": "soon"}, r"worker\.conf:\d+: "
                                       r"worker\.poll_interval: "),
    ({"cloudshell.url": None}, r"cloudshell\.url: not set")])
def test_bad_settings(make_worker, settings, word):
    """-n and a start refuse a bad configuration and name line and reason."""
    worker = make_worker(settings)
    told = worker.run("-n")
    assert told.returncode != 0
    assert re.search(word, told.stderr + told.stdout)
    worker.start(ready=False)
    assert worker.wait() == os.EX_CONFIG
    worker.wait_stderr(word)
    assert worker.notify.lines("READY") == []


def test_print_option(make_worker):
    """-T prints the settings in force, as a file that -n accepts."""
    worker = make_worker({"worker.max_jobs": "7"})
    told = worker.run("-T")
    assert told.returncode == 0, told.stderr
    assert re.search(r"^max_jobs = 7$", told.stdout, re.M)
    with open(worker.conf, "w", encoding="utf-8") as f:
        f.write(told.stdout)
    again = worker.run("-T")
    assert (again.returncode, again.stdout) == (0, told.stdout)


def test_missing_file(make_worker):
    """A missing worker.conf is named."""
    worker = make_worker()
    os.unlink(worker.conf)
    told = worker.run()
    assert told.returncode == os.EX_CONFIG and worker.conf in told.stderr
    assert "not set" not in told.stderr


def test_missing_password(make_worker):
    """Without its password file the worker exits before READY."""
    worker = make_worker()
    os.unlink(worker.password_path)
    worker.start(ready=False)
    assert worker.wait() == os.EX_CONFIG
    worker.wait_stderr("password_file")
    assert worker.notify.lines("READY") == []


def test_no_password_from_systemd(make_worker, tmp_path):
    """An empty credential: the text says where to write the password."""
    (tmp_path / "cloudshell-password").write_text("\n")
    worker = make_worker({"cloudshell.password_file": None},
                         env={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    worker.start(ready=False)
    assert worker.wait() == os.EX_CONFIG
    worker.wait_stderr("has no CloudShell password: write it to "
                       "/.*/quali-job-worker/cloudshell-password ")


@pytest.mark.parametrize("setting", [
    "cloudshell.ca_file", "aws.ca_file", "aws.config_file",
    "aws.credentials_file", "worker.libexec_dir", "worker.state_dir"])
def test_named_file_that_is_not_there(make_worker, tmp_path, setting):
    """-n and a start notice it and name the setting."""
    worker = make_worker({setting: str(tmp_path / "nowhere")})
    told = worker.run("-n")
    assert told.returncode == os.EX_CONFIG
    assert re.search("error: %s: .*/nowhere.*No such file" % setting,
                     told.stderr)
    worker.start(ready=False)
    assert worker.wait() == (1 if setting == "worker.state_dir" else
                             os.EX_CONFIG)
    worker.wait_stderr("nowhere.*: No such file")
    assert worker.notify.lines("READY") == []


def test_second_supervisor_on_the_same_ledger(make_worker):
    """A second supervisor refuses to use a ledger that is in use."""
    first = make_worker().start()
    second = make_worker({"worker.state_dir": first.state_dir})
    second.start(ready=False)
    assert second.wait() == 1
    second.wait_stderr("another quali-job-worker")
    assert first.running()
