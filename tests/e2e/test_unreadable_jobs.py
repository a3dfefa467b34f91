"""A job that cannot be read is still a job: as long as it has an id and a
nonce it is claimed, and it fails with the name of the member that is wrong."""
import copy

import pytest

from actions import artifact_of, run, run_job
from faults import FAST
from test_fault_codepipeline import NEVER, offered, take

GONE = object()         # the member is missing
LONG = "x" * 5000

# Members, as paths, and the values that break each.
BROKEN = {
    "data": (GONE, None, 5, "text", []),
    "data.actionTypeId": (GONE, None, 5, []),
    "data.actionTypeId.category": (5, LONG, "a b", "Deploy"),
    "data.actionTypeId.provider": (GONE, None, [], LONG, "Other"),
    "data.actionTypeId.version": ({}, LONG, "\x07"),
    "data.actionConfiguration": (5, "text", []),
    "data.actionConfiguration.configuration": (5, "text", []),
    "data.actionConfiguration.configuration.CommandName": (5, {}, LONG),
    "data.pipelineContext": (5, "text", []),
    "data.pipelineContext.pipelineName": (5, LONG, "a b"),
    "data.pipelineContext.pipelineExecutionId": (5, LONG, "x"),
    "data.pipelineContext.stage": (5, "text", []),
    "data.pipelineContext.stage.name": (5, LONG, "a/b"),
    "data.pipelineContext.action": (5, "text", []),
    "data.pipelineContext.action.name": (5, LONG, "a/b"),
    "data.inputArtifacts": (5, "text", {}, [{}] * 6),
    "data.inputArtifacts.0": (None, 5, [], "text"),
    "data.inputArtifacts.0.name": (GONE, None, 5, LONG, "a b"),
    "data.inputArtifacts.0.location": (GONE, None, 5, []),
    "data.inputArtifacts.0.location.type": (5, LONG, "Git"),
    "data.inputArtifacts.0.location.s3Location": (GONE, None, 5, []),
    "data.inputArtifacts.0.location.s3Location.bucketName":
        (GONE, None, 5, "", LONG, "a/b"),
    "data.inputArtifacts.0.location.s3Location.objectKey":
        (GONE, None, 5, "", LONG, "a\nb"),
    "data.outputArtifacts": (5, "text", {}),
    "data.artifactCredentials": (5, "text", []),
    "data.artifactCredentials.accessKeyId": (GONE, None, 5, "", LONG),
    "data.artifactCredentials.secretAccessKey": (GONE, None, 5, "", LONG),
    "data.artifactCredentials.sessionToken": (GONE, None, 5, "",
                                              "x" * 70000),
    "data.encryptionKey": (5, "text", []),
    "data.encryptionKey.id": (GONE, None, 5, "", LONG),
    "data.encryptionKey.type": (GONE, None, 5, LONG),
}
CASES = [(path, value) for path, values in BROKEN.items() for value in values]


def name_of(case):
    if not isinstance(case, str):
        case = "missing" if case is GONE else repr(case)[:20]
    return case


def broken(offer, path, value):
    """The offer with one member changed."""
    offer = copy.deepcopy(offer)
    offer["data"].setdefault("encryptionKey", {"id": "key", "type": "KMS"})
    where = offer
    *above, last = path.split(".")
    for key in above:
        where = where[int(key) if key.isdigit() else key]
    if last.isdigit():
        last = int(last)
    if value is GONE:
        del where[last]
    else:
        where[last] = value
    return offer


def named(path):
    """What the text must say: the last member that has a name."""
    return [key for key in path.split(".") if not key.isdigit()][-1]


@pytest.mark.parametrize("path, value", CASES, ids=name_of)
def test_member(sim, make_worker, path, value):
    sim.settings(**NEVER)
    job = run_job(sim, sim.sandbox_add())
    offered(sim, broken(take(sim, job), path, value))
    make_worker(FAST).start()
    told = sim.wait_job(job)
    assert told["state"] == "Failed", told
    assert named(path) in told["console"]["message"]
    assert (told["acknowledged"], len(told["results"])) == (1, 1)
    assert sim.executions() == []


@pytest.mark.parametrize("path, value", [
    ("data.inputArtifacts.0.location.s3Location", None),
    ("data.actionConfiguration.configuration.CommandName", 5)], ids=name_of)
def test_details(sim, make_worker, path, value):
    """The same where GetJobDetails brings the job, after a restart."""
    sim.settings(**NEVER)
    sim.fault("codepipeline", "AcknowledgeJob", "hang-after")
    worker = make_worker(dict(FAST, **{"worker.http_timeout": "60s",
                                       "worker.ambiguous_claim": "run"}))
    job = run_job(sim, sim.sandbox_add())
    offer = take(sim, job)
    offered(sim, offer)
    worker.start()
    worker.wait_ledger(job, "claiming")
    sim.wait_fault_used()
    worker.kill()
    details = broken(offer, path, value)
    del details["nonce"]
    sim.fault("codepipeline", "GetJobDetails", "body",
              {"body": {"jobDetails": details}}, count=-1)
    worker.start()
    told = sim.wait_job(job)
    assert told["state"] == "Failed", told
    assert named(path) in told["console"]["message"]
    assert sim.executions() == []


def test_other_members(sim, make_worker):
    """What may be missing, may be; what nobody knows, is ignored."""
    sim.settings(**NEVER)
    job = sim.job_add("run-command", configuration=run("SANDBOX", "smoke test"),
                      input=artifact_of(sim.sandbox_add()))
    offer = take(sim, job)
    del offer["data"]["pipelineContext"]
    offer["data"].update(outputArtifacts=None, encryptionKey=None, more=[1])
    offer["new"] = {"a": None}
    offered(sim, offer)
    make_worker(FAST).start()
    sim.succeeded(job)
