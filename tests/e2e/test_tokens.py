"""Continuation tokens that no worker made for this job: it fails, and what the
token speaks of is left alone and is not looked at either."""
import json
import os
import signal
import time

import pytest

from actions import LONG, run_job, running_job
from procs import zygote
from sim import wait_for
from token_oracle import Owner, facts, key_of, owner_of, queue, text_of

NAME = "Somebody's lab [01234567]"
HAND_BACK = {"worker.on_stop": "hand-back"}
NO_MAC = {"mac": "0" * 64}

# name -> (action, members): what a forged token asks for
WISHES = {
    "to fail with it": ("start-sandbox", {"sandbox_ours": True}),
    "to hand it on": ("start-sandbox", {
        "sandbox_ours": True, "sandbox_name": NAME,
        "blueprint": "Demo Blueprint"}),
    "to end it": ("start-sandbox", {
        "sandbox_ours": True, "sandbox_name": NAME, "giving_up": "no reason"}),
    "to have ended it": ("start-sandbox", {
        "sandbox_ours": True, "stop_accepted": True}),
    "to adopt it": ("start-sandbox", {
        "sandbox_id": None, "intent": "sandbox-start", "sandbox_name": NAME,
        "blueprint": "Demo Blueprint", "start_wall": int(time.time())}),
    "to adopt a lost one": ("start-sandbox", {
        "sandbox_id": None, "starts_lost": 1, "sandbox_name": NAME,
        "blueprint": "Demo Blueprint", "start_wall": int(time.time())}),
    "to end a second one": ("start-sandbox", {
        "sandbox_ours": True, "starts_lost": 2, "sandbox_name": NAME,
        "start_wall": 1}),
    "to run in it": ("run-command", {}),
    "to clean up after a command": ("run-command", {
        "intent": "command-start", "sandbox_ours": True}),
    "to cancel": ("run-command", {"left_s": 0, "execution_id": "EXECUTION"}),
    "to be done": ("run-command", {
        "execution_id": "EXECUTION", "execution_ended": True}),
    "to end": ("end-sandbox", {}),
    "to call it ended": ("end-sandbox", {"stop_accepted": True}),
}


def wished(box, execution, name):
    action, members = WISHES[name]
    members = facts(**dict({"sandbox_id": box}, **members))
    if "execution_id" in members:
        members["execution_id"] = execution
    return action, members


class Foreign:
    """A sandbox of somebody else in which a command runs, and all calls to
    CloudShell up to now."""

    def __init__(self, sim, make_worker):
        sim.settings(**LONG)
        self.sim = sim
        self.box = sim.sandbox_add(NAME)
        owner = make_worker().start()
        run_job(sim, self.box)
        self.execution = sim.wait_execution()["id"]
        wait_for(lambda: sim.requests("cloudshell", "GetExecution"),
                 "a look at the execution")
        assert owner.stop() == 0
        self.before = len(sim.requests("cloudshell"))

    def untouched(self):
        calls = self.sim.requests("cloudshell")[self.before:]
        assert [(n["operation"], n["target"]) for n in calls] == []
        (box,) = self.sim.sandboxes()
        assert (box["id"], box["state"], box["stops"]) == (
            self.box, "Ready", 0)
        assert [e["cancelled"] for e in self.sim.executions()] == [False]

    def refused(self, job, named=True):
        """Its console: the sandbox's id and nothing more of it."""
        console = self.sim.failed(job)
        message = console["message"]
        assert console["type"] == "ConfigurationError", message
        assert "cannot be trusted: " in message
        assert ("names sandbox %s:" % self.box in message) == named
        assert (self.box in message) == named
        for told in (NAME, "Demo Blueprint", self.execution, "Ready"):
            assert told not in message
        assert "externalExecutionId" not in console
        assert len(self.sim.job(job)["results"]) == 1


@pytest.fixture(name="foreign")
def fixture_foreign(sim, make_worker):
    return Foreign(sim, make_worker)


# --- made up ---

@pytest.mark.parametrize("kept", ["end", "keep"])
def test_forged(sim, foreign, make_worker, kept):
    """Whatever a token asks for, with a MAC that somebody made up."""
    worker = make_worker({"start-sandbox.on_setup_failure": kept}).start()
    jobs = []
    for name in WISHES:
        action, members = wished(foreign.box, foreign.execution, name)
        jobs.append((queue(sim, owner_of(action), text_of(
            dict(members, **NO_MAC)), foreign.box), "sandbox_id" in members))
    for job, named in jobs:
        foreign.refused(job, named)
        worker.wait_ledger(job, "done")
    assert worker.stop() == 0       # whatever waits for its time, too
    foreign.untouched()


def forms(foreign):
    """name -> (token, whether its sandbox can be told): no token at all, and
    tokens that are wrong in their form."""
    box = foreign.box
    owner = owner_of("start-sandbox")
    members = facts(sandbox_id=box, sandbox_ours=True, giving_up="x")
    good = owner.sign(members)
    mac = json.loads(good)["mac"]
    old = {k: v for k, v in members.items() if k != "quali"}
    deep = "[" * 900 + "]" * 900
    return owner, {
        "no mac": (text_of(members), True),
        "empty mac": (text_of(dict(members, mac="")), True),
        "short mac": (text_of(dict(members, mac=mac[:-1])), True),
        "long mac": (text_of(dict(members, mac=mac + "0")), True),
        "capitals": (text_of(dict(members, mac=mac.upper())), True),
        "number": (text_of(dict(members, mac=0)), True),
        "list": (text_of(dict(members, mac=[mac])), True),
        "null": (text_of(dict(members, mac=None)), True),
        "two macs": (good[:-1] + ',"mac":"%s"}' % mac, False),
        "hidden": (good[:-1] + ',"\\u006dac":"%s"}' % mac, False),
        "two ids": ('{"sandbox_id":"x",' + good[1:], False),
        "version 1": (text_of(dict(old, quali=1)), True),
        "version 3": (owner.sign(dict(old, quali=3)), True),
        "version 2.0": (owner.sign(dict(old, quali=2.0)), True),
        "no version": (owner.sign(old), True),
        "a member more": (good[:-1] + ',"x":1}', True),
        "a real number": (good.replace('"left_s":600', '"left_s":600.0'),
                          True),
        "within a list": ("[" + good + "]", False),
        "twice": (good + good, False),
        "cut": (good[:-1], False),
        "garbage": ("\x01\x7f %s" % box, False),
        "text": ('"%s"' % box, False),
        "UTF-8": ("\u00e4\u20ac\U0001f600" + box, False),
        "longest": (text_of(members) + " " * (2048 - len(text_of(members))),
                    True),
        "longer": (good + " " * (2049 - len(good)), False),
        "very long": (good + " " * 100000, False),
        "deep": (text_of(members)[:-1] + ',"mac":"%s","x":%s}' % (mac, deep),
                 True),
        "deep garbage": ("[" * 2048, False),
    }


def test_forms(sim, foreign, make_worker):
    worker = make_worker().start()
    owner, tokens = forms(foreign)
    jobs = {name: queue(sim, owner, token, foreign.box)
            for name, (token, _) in tokens.items()}
    for name, job in jobs.items():
        foreign.refused(job, tokens[name][1])
    foreign.untouched()
    assert worker.stop() == 0


def test_odd_ids_are_not_shown(sim, worker):
    """An id that is no plain word could mislead whoever reads it."""
    owner = owner_of("start-sandbox")
    jobs = {}
    for box in ("../x", "a b", "a\nb", "\u202ea", "x" * 101, "", "<b>", 7,
                ["x"]):
        jobs[queue(sim, owner, text_of(facts(sandbox_id=box)), "x")] = box
    for job, box in jobs.items():
        message = sim.failed(job)["message"]
        assert "cannot be trusted" in message
        assert "names sandbox" not in message, box
    assert sim.requests("cloudshell") == []
    assert worker.stop() == 0


# --- somebody else's ---

def test_token_of_another(sim, foreign, make_worker):
    """A right token, but of another action, place or execution, or made with
    another password, or changed."""
    worker = make_worker().start()
    mine = owner_of("run-command")
    members = facts(sandbox_id=foreign.box, execution_id=foreign.execution)
    others = [mine.but(action="end-sandbox"), mine.but(pipeline="Q"),
              mine.but(stage="T"), mine.but(name="B"),
              mine.but(stage="SA", name=""), owner_of("run-command")]
    tokens = [other.sign(members) for other in others]
    tokens += [mine.sign(members, key) for key in (
        key_of("guess"), key_of(user="ci2"), key_of(domain=""), bytes(32))]
    good = mine.sign(members)
    for old, new in (('"left_s":600', '"left_s":601'),
                     (foreign.execution, foreign.execution[:-1]),
                     ('"quali":2,', '"quali":2,"start_wall":0,')):
        assert old in good
        tokens.append(good.replace(old, new))
    mac = json.loads(good)["mac"]
    tokens += [good.replace(mac, mac[:-1] + digit)
               for digit in "0123456789abcdef" if digit != mac[-1]]
    for job in [queue(sim, mine, token, foreign.box) for token in tokens]:
        foreign.refused(job)
    foreign.untouched()
    assert worker.stop() == 0


def test_id_of_another(sim, foreign, make_worker):
    """The token is right up to the id that somebody put in."""
    worker = make_worker().start()
    owner = owner_of("start-sandbox")
    mine = "12345678-9abc-def0-1234-56789abcdef0"
    token = owner.sign(facts(sandbox_id=mine, sandbox_ours=True,
                             giving_up="x"))
    foreign.refused(queue(sim, owner, token.replace(mine, foreign.box),
                          foreign.box))
    foreign.untouched()
    assert worker.stop() == 0


def test_token_of_a_hand_back(sim, make_worker):
    """What a worker wrote for one job is taken there and nowhere else."""
    worker = make_worker(HAND_BACK).start()
    job, _ = running_job(sim, worker, "start-sandbox")
    assert worker.stop() == 0
    latest = sim.job(sim.job(job)["latest"])
    sim.job_set(latest["id"], "Abandoned")      # not to be had yet
    before = len(sim.requests("cloudshell"))
    other = make_worker().start()
    for owner in (owner_of("start-sandbox"), Owner(latest).but(name="B")):
        console = sim.failed(queue(sim, owner, latest["continuationToken"],
                                   None))
        assert console["type"] == "ConfigurationError"
    assert len(sim.requests("cloudshell")) == before
    sim.job_set(latest["id"], "Queued")
    (box,) = sim.sandboxes()
    sim.sandbox_set(box["id"], state="Ready")
    sim.succeeded(latest["id"])
    assert sim.sandbox(box["id"])["stops"] == 0
    assert other.stop() == 0


# --- the right MAC ---

def test_facts_that_no_hand_back_writes(sim, foreign, make_worker):
    """Only somebody with the password, or a worker with a fault, can have made
    them."""
    worker = make_worker().start()
    told = [wished(foreign.box, foreign.execution, name) for name in (
        "to adopt it", "to adopt a lost one", "to clean up after a command")]
    told += [(action, facts(**members)) for action, members in (
        ("start-sandbox", {"sandbox_id": foreign.box}),
        ("start-sandbox", {"sandbox_ours": True}),
        ("start-sandbox", {"giving_up": "x"}),
        ("start-sandbox", {"stop_accepted": True}),
        ("start-sandbox", {"execution_id": foreign.execution}),
        ("start-sandbox", {"left_s": -1}),
        ("start-sandbox", {"left_s": 604801}),
        ("start-sandbox", {"left_s": None}),
        ("start-sandbox", {"intent": None}),
        ("run-command", {"execution_id": foreign.execution}),
        ("run-command", {"sandbox_id": foreign.box, "sandbox_ours": True}),
        ("run-command", {"sandbox_id": foreign.box, "giving_up": "x"}),
        ("run-command", {"sandbox_id": foreign.box,
                         "execution_ended": True}),
        ("run-command", {"sandbox_name": NAME}),
        ("end-sandbox", {"stop_accepted": True}),
        ("end-sandbox", {"sandbox_id": foreign.box, "sandbox_ours": True}),
        ("end-sandbox", {"sandbox_id": foreign.box,
                         "execution_id": foreign.execution}),
    )]
    jobs = []
    for action, members in told:
        owner = owner_of(action)
        jobs.append((queue(sim, owner, owner.sign(members), foreign.box),
                     "sandbox_id" in members))
    for job, named in jobs:
        foreign.refused(job, named)
        assert "no hand-back writes what it says" in sim.job(
            job)["console"]["message"]
    foreign.untouched()
    assert worker.stop() == 0


# --- what comes afterwards ---

def claimed_with(sim, worker, owner, token, box):
    """A job with this token, whose worker was killed during its claim and
    started again."""
    sim.settings(codepipeline={"redeliver_ms": 500})
    seen = len(sim.requests("codepipeline", "AcknowledgeJob"))
    sim.fault("codepipeline", "AcknowledgeJob", "hang")
    job = queue(sim, owner, token, box)
    sim.wait_requests("codepipeline", "AcknowledgeJob", seen + 1)
    worker.kill()
    worker.start()
    return job


def test_forged_after_a_restart(sim, foreign, make_worker):
    """The token comes with GetJobDetails then; the job is not begun anew."""
    worker = make_worker().start()
    for name in ("to end it", "to cancel", "to end"):
        action, members = wished(foreign.box, foreign.execution, name)
        job = claimed_with(sim, worker, owner_of(action), text_of(
            dict(members, **NO_MAC)), foreign.box)
        foreign.refused(job)
        assert sim.job(job)["details_calls"] == 1
    foreign.untouched()


def test_foreign_token_is_not_handed_back(sim, foreign, make_worker):
    """What is not understood is not handed back as an empty token, which the
    next worker would begin anew: not after a restart either, when the token is
    not known yet."""
    worker = make_worker(HAND_BACK).start()
    sim.fault("codepipeline", "GetJobDetails", "status",
              {"status": 503, "body": ""}, count=-1)
    action, members = wished(foreign.box, foreign.execution, "to be done")
    job = claimed_with(sim, worker, owner_of(action), text_of(
        dict(members, **NO_MAC)), foreign.box)
    sim.wait_requests("codepipeline", "GetJobDetails")
    assert worker.stop() == 0
    assert sim.job(job)["state"] == "InProgress"
    sim.clear_faults()
    worker.start()
    foreign.refused(job)
    foreign.untouched()


def test_refused_result(sim, foreign, make_worker):
    """The action was abandoned before its failure is reported, which sets off
    the clean-up of a job that had begun."""
    worker = make_worker().start()
    sim.fault("codepipeline", "PutJobFailureResult", "status",
              {"status": 503, "body": ""}, count=-1)
    jobs = []
    for name in ("to fail with it", "to hand it on", "to end it",
                 "to end a second one", "to cancel"):
        action, members = wished(foreign.box, foreign.execution, name)
        jobs.append(queue(sim, owner_of(action), text_of(
            dict(members, **NO_MAC)), foreign.box))
    for job in jobs:
        worker.wait_ledger(job, "result")
    for job in jobs:
        sim.job_set(job, "Abandoned")
    sim.clear_faults()
    for job in jobs:
        worker.wait_ledger(job, "done")
    assert worker.stop() == 0
    foreign.untouched()


def test_deadline_of_a_refused_token(sim, foreign, make_worker):
    """The time that the worker allows passes before the claim is answered, and
    again while the failure waits to be reported."""
    worker = make_worker({"start-sandbox.timeout": "1s",
                          "run-command.timeout": "1s"}).start()
    sim.fault("codepipeline", "AcknowledgeJob", "delay", {"ms": 1500},
              count=2)
    sim.fault("codepipeline", "PutJobFailureResult", "status",
              {"status": 503, "body": ""}, count=4)
    jobs = []
    for name in ("to end it", "to cancel"):
        action, members = wished(foreign.box, foreign.execution, name)
        jobs.append(queue(sim, owner_of(action), text_of(
            dict(members, **NO_MAC)), foreign.box))
    for job in jobs:
        console = sim.failed(job)
        assert console["type"] == "ConfigurationError"
        assert "names sandbox %s:" % foreign.box in console["message"]
    assert worker.stop() == 0
    foreign.untouched()


# --- the right token ---

def test_hand_back_without_an_executor(sim, make_worker):
    """A claimed job whose executor has not come yet is handed back, too."""
    worker = make_worker(dict(HAND_BACK, **{"worker.stop_grace": "2s"})
                         ).start()
    os.kill(zygote(worker), signal.SIGSTOP)
    job = run_job(sim, sim.sandbox_add())
    worker.wait_ledger(job, "ours")
    assert worker.stop() == 0
    assert sim.job(job)["state"] == "Continued"
    assert sim.executions() == []


def test_time_of_a_token_after_a_restart(sim, worker):
    """The time that a token leaves is not filled up by a restart."""
    owner = owner_of("run-command")
    job = claimed_with(sim, worker, owner, owner.sign(facts(left_s=60)),
                       sim.sandbox_add())
    sim.succeeded(job)
    worker.wait_ledger(job, "done")
    ((left,),) = worker.ledger("SELECT deadline - claimed FROM job "
                               "WHERE id = ?", job)
    assert left <= 61
