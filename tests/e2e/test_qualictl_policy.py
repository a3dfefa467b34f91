"""qualictl policy: documents that IAM would take, by the names that AWS's own
model has."""
import json
import os
import re

import pytest
from botocore.loaders import Loader

from ctl import FAILED, NAMES, USAGE
from resolver import ini
from test_sources import KEYS, NO_KEYS, ROLE

ACCOUNT = "111122223333"
ARN = re.compile(
    r"arn:(aws[a-z-]*):codepipeline:([a-z0-9-]+):(\d{12}):"
    r"(?:action[tT]ype:Custom/(?:Build|Deploy|Test)/[\w-]{1,35}/(?:\*|\w{1,9})"
    r"|[\w.@-]{1,100}|\*)")
JOBS = {"AcknowledgeJob", "GetJobDetails", "PutJobSuccessResult",
        "PutJobFailureResult"}


def statements(text, region="us-east-2"):
    """{action: its resources}; checks the form of the document."""
    operations = Loader().load_service_model(
        "codepipeline", "service-2", "2015-07-09")["operations"]
    document = json.loads(text)
    assert set(document) == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    found = {}
    for s in document["Statement"]:
        assert s["Effect"] == "Allow"
        assert re.fullmatch("[A-Za-z0-9]+", s["Sid"])
        assert ("Condition" in s) == (s["Resource"] == "*")
        if s["Resource"] == "*":
            assert s["Condition"] == {
                "StringEquals": {"aws:RequestedRegion": region}}
        else:
            for arn in s["Resource"]:
                told = ARN.fullmatch(arn)
                assert told and told.group(2) == region, arn
                assert told.group(3) == ACCOUNT
        for action in s["Action"]:
            service, _, operation = action.partition(":")
            assert service == "codepipeline" and operation in operations
            assert operation not in found
            found[operation] = s["Resource"]
    sids = [s["Sid"] for s in document["Statement"]]
    assert len(sids) == len(set(sids))
    # IAM's limit of a managed policy does not count white space
    assert len(re.sub(r"\s", "", text)) <= 6144
    return found


def type_arns(ctl, *versions):
    return {"arn:aws:codepipeline:us-east-2:%s:%s:Custom/%s/%s/%s" % (
        ACCOUNT, word, d["category"], d["provider"], v)
        for d in map(ctl.shipped, NAMES) for v in versions
        for word in ("actiontype", "actionType")}


def test_worker(sim, ctl):
    out, err = ctl.run("policy", "--account", ACCOUNT)
    assert err == "" and not sim.requests()
    found = statements(out)
    assert set(found) == JOBS | {"PollForJobs"}
    assert set(found.pop("PollForJobs")) == type_arns(ctl, "10", "9")
    assert set(found.values()) == {"*"}
    ctl.write_conf({"worker.versions": "7", "run-command.poll": "no"})
    polled = statements(ctl.run("policy", "--account", ACCOUNT)[0])[
        "PollForJobs"]
    assert set(polled) == {a for a in type_arns(ctl, "7")
                           if "Run-Command" not in a}


def test_installer(ctl):
    found = statements(ctl.run("policy", "--account", ACCOUNT,
                               "--installer")[0])
    assert set(found) == {"CreateCustomActionType", "DeleteCustomActionType",
                          "ListActionTypes", "ListPipelines", "GetPipeline"}
    for change in ("CreateCustomActionType", "DeleteCustomActionType"):
        assert set(found[change]) == type_arns(ctl, "*")
    assert found["ListActionTypes"] == found["ListPipelines"] == "*"
    own = ctl.shipped("end-sandbox")
    own["tags"] = [{"key": "team", "value": "lab"}]
    ctl.define("end-sandbox", own)
    tagged = statements(ctl.run("policy", "--account", ACCOUNT,
                                "--installer")[0])
    assert tagged.pop("TagResource") == found["CreateCustomActionType"]
    assert tagged == found


def test_stop_check(ctl):
    plain = statements(ctl.run("policy", "--account", ACCOUNT)[0])
    found = statements(ctl.run("policy", "--account", ACCOUNT,
                               "--stop-check", "--pipeline", "My.Pipe")[0])
    own = "arn:aws:codepipeline:us-east-2:%s:" % ACCOUNT
    for look in ("GetPipelineExecution", "ListActionExecutions"):
        assert found.pop(look) == [own + "My.Pipe"]
    assert found == plain
    found = statements(ctl.run("policy", "--account", ACCOUNT,
                               "--stop-check")[0])
    assert found["GetPipelineExecution"] == [own + "*"]


@pytest.mark.parametrize("region, partition", [
    ("eu-central-1", "aws"), ("cn-north-1", "aws-cn"),
    ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", "aws-iso"),
    ("us-isob-east-1", "aws-iso-b"), ("eu-isoe-west-1", "aws-iso-e"),
    ("us-isof-south-1", "aws-iso-f"), ("eusc-de-east-1", "aws-eusc")])
def test_partitions(ctl, region, partition):
    out, _ = ctl.run("policy", "--account", ACCOUNT, "--region", region)
    arns = statements(out, region)["PollForJobs"]
    assert {a.split(":")[1] for a in arns} == {partition}


def test_the_account_comes_from_aws(sim, ctl):
    statements(ctl.run("policy")[0])
    (note,) = sim.requests()
    assert (note["service"], note["operation"]) == ("sts",
                                                    "GetCallerIdentity")


@pytest.mark.tls
def test_role_over_tls(sim, make_ctl):
    """ca_file of [aws] reaches the question to STS, as it does for the
    worker."""
    ctl = make_ctl({"aws.ca_file": os.path.join(sim.tls, "ca.pem")}, NO_KEYS)
    os.mkdir(os.path.join(ctl.folder, ".aws"))
    with open(os.path.join(ctl.folder, ".aws", "config"), "w",
              encoding="utf-8") as f:
        f.write(ini({"default": ROLE, "s": KEYS}, True))
    statements(ctl.run("policy")[0])
    assert [note["operation"] for note in sim.requests()] == [
        "AssumeRole", "GetCallerIdentity"]


def test_the_region_comes_from_anywhere(make_ctl):
    ctl = make_ctl({"aws.region": None}, env={"AWS_REGION": "eu-west-1"})
    statements(ctl.run("policy", "--account", ACCOUNT)[0], "eu-west-1")
    ctl.write_conf({"aws.region": "eu-west-2"})
    statements(ctl.run("policy", "--account", ACCOUNT)[0], "eu-west-2")
    ctl.write_conf({"aws.region": None})
    del ctl.env["AWS_REGION"]
    out, err = ctl.run("policy", "--account", ACCOUNT, status=FAILED)
    assert not out and "no AWS region" in err
    out, err = ctl.run("policy", "--region", "Ohio", "--account", ACCOUNT,
                       status=FAILED)
    assert not out and "does not look like one" in err


def test_sts_does_not_answer(sim, ctl):
    sim.fault("sts", "GetCallerIdentity", "error", {
        "code": "InvalidClientTokenId", "message": "no such key",
        "status": 403}, count=-1)
    out, err = ctl.run("policy", status=FAILED)
    assert not out and "InvalidClientTokenId" in err and "--account" in err


@pytest.mark.parametrize("args", [
    ["--account", "1111"], ["--account", "11112222333x"], ["here"],
    ["--pipeline", "P"], ["--stop-check", "--pipeline", "a b"],
    ["--stop-check", "--installer"]])
def test_wrong_options(ctl, args):
    out, err = ctl.run("policy", *args, status=USAGE)
    assert not out and err.startswith("qualictl: ")
