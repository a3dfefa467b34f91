"""Several CloudShell servers share an account: each worker takes only the jobs
of its own server, by the version of the action types or by the value of their
queryable property."""
import json
import os
import re

import botocore.session
import pytest

from actions import artifact_of, run, whole
from sim import REGION, WORKER_KEY, WORKER_SECRET, json_of, wait_for

ACTIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "..", "..", "src", "actions")
BY_SERVER = os.path.realpath(os.path.join(ACTIONS, "by-server"))
QUERY = {"worker.actions_dir": BY_SERVER, "worker.versions": "10s"}


# --- the account ---

def definitions(folder):
    for name in ("start-sandbox", "run-command", "end-sandbox"):
        with open(os.path.join(folder, name + ".json"),
                  encoding="utf-8") as f:
            yield json.load(f)


def register(sim, folder, **change):
    """As the AWS CLI would: the oracle then judges the definitions, too."""
    session = botocore.session.Session()
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, os.devnull)
    client = session.create_client(
        "codepipeline", REGION, endpoint_url=sim.urls["codepipeline"],
        aws_access_key_id=WORKER_KEY, aws_secret_access_key=WORKER_SECRET)
    for definition in definitions(folder):
        client.create_custom_action_type(**dict(definition, **change))


def on_server(actions, server):
    """The same actions with the property Server."""
    return [dict(a, configuration=dict(a["configuration"], Server=server))
            for a in actions]


def polls(sim):
    return sim.requests("codepipeline", "PollForJobs")


def wait_polls(sim, count=12):
    """Wait until the workers have polled this often."""
    sim.wait_requests("codepipeline", "PollForJobs", len(polls(sim)) + count)


def untouched(sim, job):
    told = sim.job(job)
    assert (told["state"], told["deliveries"]) == ("Queued", 0)


def judge(sim, server, worker, pipeline):
    """This pipeline ran in this server, by this worker, which took no other
    job."""
    told = sim.wait_pipeline(pipeline)
    assert told["state"] == "Succeeded", told
    jobs = [a["job"] for a in told["actions"]]
    assert {row[0] for row in worker.ledger("SELECT id FROM job")} == set(jobs)
    (box,) = server.sandboxes()
    assert jobs[0][:8] in box["name"]
    for job in map(sim.job, jobs):
        assert (job["acknowledged"], job["refused_acks"]) == (1, 0)


# --- by version ---

def test_by_version(sim, make_sim, make_worker):
    """A worker takes the jobs of the versions that it polls for, and brings
    them to its own server."""
    other = make_sim()
    for version in ("10b", "10c"):
        register(sim, ACTIONS, version=version)
    here = make_worker({"worker.versions": "10"}).start()
    there = make_worker({"worker.versions": "10b", "cloudshell.url":
                         other.urls["cloudshell"]}).start()
    elsewhere = sim.job_add("run-command", version="10c", configuration=run(),
                            input=artifact_of("x"))
    first, second = (sim.pipeline_add(*whole(v)) for v in ("10", "10b"))
    judge(sim, sim, here, first)
    judge(sim, other, there, second)
    wait_polls(sim)
    untouched(sim, elsewhere)


# --- by a queryable property ---

@pytest.fixture(name="routed")
def fixture_routed(sim):
    register(sim, BY_SERVER)
    return sim


def test_by_query(routed, make_sim, make_worker):
    """A worker with query takes the jobs with its value and no other, although
    all workers poll for the same action types."""
    sim, other = routed, make_sim()
    here = make_worker(dict(QUERY, **{"worker.query": "lab-a"})).start()
    there = make_worker(dict(QUERY, **{
        "worker.query": "lab-b",
        "cloudshell.url": other.urls["cloudshell"]})).start()
    elsewhere = [sim.job_add("run-command", version="10s", configuration=run(
        Server=server), input=artifact_of("x"))
        for server in ("lab-c", "Lab-a", "lab-a ", "lab")]
    first, second = (sim.pipeline_add(*on_server(whole("10s"), server))
                     for server in ("lab-a", "lab-b"))
    judge(sim, sim, here, first)
    judge(sim, other, there, second)
    wait_polls(sim)
    for job in elsewhere:
        untouched(sim, job)
    asked = [json_of(n) for n in polls(sim)]
    assert {json.dumps(a["queryParam"]) for a in asked} == {
        '{"Server": "lab-a"}', '{"Server": "lab-b"}'}
    assert {a["actionTypeId"]["version"] for a in asked} == {"10s"}


def test_first_set_beside_the_second(routed, make_sim, make_worker):
    """A worker without query goes on with the first set's versions beside
    workers with one."""
    sim, other = routed, make_sim()
    here = make_worker().start()
    there = make_worker(dict(QUERY, **{
        "worker.query": "lab-b",
        "cloudshell.url": other.urls["cloudshell"]})).start()
    first = sim.pipeline_add(*whole("9"))
    second = sim.pipeline_add(*on_server(whole("10s"), "lab-b"))
    judge(sim, sim, here, first)
    judge(sim, other, there, second)


def test_handed_back_job_stays_with_its_server(routed, make_worker):
    """What a worker hands back goes on in a worker with the same query
    only."""
    hand_back = dict(QUERY, **{"worker.on_stop": "hand-back"})
    here = make_worker(dict(hand_back, **{"worker.query": "lab-a"})).start()
    box = routed.sandbox_add()
    routed.settings(cloudshell={"command": {"ms": 600000}})
    job = routed.job_add("run-command", version="10s", configuration=run(
        Server="lab-a"), input=artifact_of(box))
    execution = routed.wait_execution()["id"]
    wait_for(lambda: routed.requests("cloudshell", "GetExecution"),
             "a look at it", here.stderr)
    assert here.stop() == 0
    latest = routed.job(job)["latest"]
    assert latest != job
    make_worker(dict(hand_back, **{"worker.query": "lab-b"})).start()
    wait_polls(routed)
    untouched(routed, latest)
    here.start()
    routed.wait_job(latest, "InProgress")
    routed.ask("POST", "/executions/" + execution,
               {"ms": 0, "status": "Completed"})
    routed.succeeded(latest)


def astray(number):
    """A job of another server, as PollForJobs tells it."""
    return {"id": "%08d-0000-4000-8000-000000000000" % number,
            "nonce": str(number), "accountId": "123456789012", "data": {
                "actionTypeId": {
                    "category": "Test", "owner": "Custom",
                    "provider": "Quali-Run-Command", "version": "10s"},
                "actionConfiguration": {"configuration": run(
                    Server="lab-b" if number > 1 else None)},
                "pipelineContext": {
                    "pipelineName": "P", "stage": {"name": "S"},
                    "action": {"name": "A"}},
                "inputArtifacts": [], "outputArtifacts": []}}


def test_job_of_another_server(routed, make_worker):
    """If CodePipeline hands out a job with another value of the property, or
    without it, the worker leaves it alone and says so once."""
    for answer in ([1, 2], [2, 3]):
        routed.fault("codepipeline", "PollForJobs", "body", {
            "body": {"jobs": [astray(n) for n in answer]}})
    worker = make_worker(dict(QUERY, **{
        "worker.query": "lab-a", "start-sandbox.poll": "no",
        "end-sandbox.poll": "no"})).start()
    routed.wait_fault_used()
    job = routed.job_add("run-command", version="10s", configuration=run(
        Server="lab-a"), input=artifact_of(routed.sandbox_add()))
    routed.succeeded(job)
    assert [json_of(n)["jobId"] for n in routed.requests(
        "codepipeline", "AcknowledgeJob")] == [job]
    assert worker.ledger("SELECT id FROM job") == [(job,)]
    said = [line for line in worker.stderr().splitlines()
            if "its Server is not lab-a" in line]
    assert len(said) == 1 and "job 00000001" in said[0]


# --- settings that do not fit the definitions ---

@pytest.mark.parametrize("settings, told", [
    ({"worker.query": "lab-a"}, "worker.query: .*/start-sandbox.json has no "
     "queryable property: .* or leave query out"),
    ({"worker.actions_dir": BY_SERVER}, "/start-sandbox.json: "
     "configurationProperties: Server is queryable, .* set query in section "
     r"\[worker\]"),
    ({"worker.actions_dir": BY_SERVER, "worker.query": "lab-a"},
     "worker.versions: .* write versions = 10s"),
])
def test_query_must_fit_the_definitions(sim, make_worker, settings, told):
    """The check and the start both say what to change; nothing is polled."""
    worker = make_worker(settings)
    checked = worker.run("-n")
    assert checked.returncode == os.EX_CONFIG
    worker.start(ready=False)
    assert worker.wait() == os.EX_CONFIG
    for text in (checked.stderr, worker.stderr()):
        assert len([line for line in text.splitlines()
                    if re.search(told, line)]) == 1, text
    assert polls(sim) == []


def test_query_that_the_registered_type_lacks(sim, make_worker):
    """If the registered type has no queryable property, whatever the
    definition says, CodePipeline refuses the polls; the worker reports that
    and stays."""
    register(sim, ACTIONS, version="10s")
    worker = make_worker(dict(QUERY, **{"worker.query": "lab-a"})).start()
    worker.wait_stderr("action type Custom/.*/10s: PollForJobs: "
                       "ValidationException: ")
    assert worker.running()
