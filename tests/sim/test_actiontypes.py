"""Action types, pipelines and permissions, with botocore and the AWS CLI as
clients."""
import json
import shutil
import subprocess

import pytest
from botocore.exceptions import ClientError

from rig import END, REGION, RUN, START

DETAILS = {"minimumCount": 0, "maximumCount": 1}
SERVER = {"name": "Server", "required": True, "key": True, "secret": False,
          "queryable": True, "type": "String"}
PLAIN = {"name": "Name", "required": True, "key": False, "secret": False}
MINE = {"category": "Deploy", "provider": "Quali-Start-Sandbox",
        "version": "S1"}
MINE_ID = dict(MINE, owner="Custom")


def definition(*properties, **more):
    return dict(MINE, inputArtifactDetails=DETAILS,
                outputArtifactDetails=DETAILS,
                configurationProperties=list(properties), **more)


def code_of(call, **asked):
    """Code and message of a call that must fail."""
    with pytest.raises(ClientError) as e:
        call(**asked)
    error = e.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture(name="cp")
def fixture_cp(sim):
    return sim.client("codepipeline")


# --- queryable properties ---

def test_query(sim, cp):
    cp.create_custom_action_type(**definition(SERVER, PLAIN))
    jobs = {server: sim.job(version="S1", configuration={
        "Server": server, "Name": "n"}) for server in ("a", "b")}
    sim.job(version="S1", configuration={"Name": "n"})

    def poll(**query):
        return [j["id"] for j in cp.poll_for_jobs(
            actionTypeId=MINE_ID, maxBatchSize=5, queryParam=query)["jobs"]]

    assert poll(Server="nobody") == []
    assert poll(Server="b") == [jobs["b"]]
    assert poll(Server="b") == []
    sim.job(version="S1", configuration={"Server": "a", "Name": "second"})
    found = poll(Server="a")
    assert found[0] == jobs["a"] and len(found) == 2
    for query in ({}, {"Name": "n"}, {"server": "a"}):
        assert code_of(cp.poll_for_jobs, actionTypeId=MINE_ID,
                       queryParam=query)[0] == "ValidationException"
    assert code_of(cp.poll_for_jobs, actionTypeId=MINE_ID)[0] == \
        "ValidationException"
    assert code_of(cp.poll_for_jobs, actionTypeId=START,
                   queryParam={"Server": "a"})[0] == "ValidationException"
    assert cp.poll_for_jobs(actionTypeId=START, queryParam={})["jobs"] == []


@pytest.mark.parametrize("query", [
    {"Server": ""}, {"Server": "x" * 51}, {"Server": "a b"},
    {"S" * 51: "a"}, {"Server": "a", "Name": "n"}])
def test_query_limits(sim, query):
    sim.settings(codepipeline={"action_types": [
        dict(MINE, configurationProperties=[SERVER])]})
    a = sim.cp("PollForJobs", {"actionTypeId": MINE_ID, "queryParam": query})
    assert a.code == "ValidationException"
    good = {"actionTypeId": MINE_ID, "queryParam": {"Server": "x" * 50}}
    assert sim.cp("PollForJobs", good).status == 200


def test_query_finds_jobs_again(sim):
    """A job comes again to whoever asks for its server, not to others."""
    sim.settings(codepipeline={"redeliver_ms": 50, "action_types": [
        dict(MINE, configurationProperties=[SERVER])]})
    jid = sim.job(version="S1", configuration={"Server": "a"})

    def poll(server):
        return [j["id"] for j in sim.cp("PollForJobs", {
            "actionTypeId": MINE_ID,
            "queryParam": {"Server": server}}).json["jobs"]]

    assert poll("a") == [jid]
    while not (found := poll("a")):
        assert poll("b") == []
    assert found == [jid]


# --- definitions ---

SETTINGS = {"entityUrlTemplate": "https://cs/{Config:Name}",
            "executionUrlTemplate":
            "https://cs/{Config:Name}/{ExternalExecutionId}",
            "revisionUrlTemplate": "https://cs/{RevisionId}",
            "thirdPartyConfigurationUrl": "https://cs/"}


def test_good_definition(cp):
    answer = cp.create_custom_action_type(
        **definition(SERVER, PLAIN, settings=SETTINGS,
                     tags=[{"key": "a", "value": "b"}]))
    assert answer["actionType"]["id"] == MINE_ID
    assert answer["actionType"]["settings"] == SETTINGS
    assert answer["tags"] == [{"key": "a", "value": "b"}]
    listed = [t for t in cp.list_action_types(
        actionOwnerFilter="Custom")["actionTypes"] if t["id"] == MINE_ID]
    assert listed == [answer["actionType"]]


def prop(**more):
    return dict(PLAIN, **more)


@pytest.mark.parametrize("wrong", [
    definition(prop(name="")), definition(prop(name="x" * 51)),
    definition(prop(description="")), definition(prop(description="x" * 161)),
    definition(prop(type="Text")), definition(PLAIN, PLAIN),
    definition(*[prop(name="P%d" % i) for i in range(11)]),
    definition({"name": "A", "required": True, "key": True}),
    definition(prop(queryable=True, required=False)),
    definition(prop(queryable=True, secret=True)),
    definition(SERVER, prop(queryable=True)),
    definition(PLAIN, settings={"entityUrlTemplate": ""}),
    definition(PLAIN, settings={"entityUrlTemplate": "x" * 2049}),
    definition(PLAIN, settings={"entityUrlTemplate": "{Config:name}"}),
    definition(prop(required=False), settings={
        "entityUrlTemplate": "https://cs/{Config:Name}"}),
    definition(prop(secret=True), settings={
        "revisionUrlTemplate": "https://cs/{Config:Name}"}),
    definition(PLAIN, settings={"executionUrlTemplate": "https://cs/{Name}"}),
    definition(PLAIN, settings={
        "entityUrlTemplate": "https://cs/{ExternalExecutionId}"}),
    definition(PLAIN, settings={"entityUrlTemplate": "https://cs/{Config:"}),
    dict(definition(PLAIN), provider="x" * 36),
    dict(definition(PLAIN), provider="a b"),
    dict(definition(PLAIN), version="x" * 10),
    dict(definition(PLAIN), category="Own"),
    dict(definition(PLAIN), owner="Custom"),
    dict(definition(PLAIN), inputArtifactDetails={"minimumCount": 0,
                                                  "maximumCount": 6}),
    dict(definition(PLAIN), outputArtifactDetails={"minimumCount": 2,
                                                   "maximumCount": 1}),
    {k: v for k, v in definition(PLAIN).items()
     if k != "inputArtifactDetails"},
])
def test_bad_definitions(sim, wrong):
    assert sim.cp("CreateCustomActionType", wrong).code == \
        "ValidationException"
    assert sim.cp("PollForJobs", {"actionTypeId": MINE_ID}).code == \
        "ActionTypeNotFoundException"


def test_second_create(sim, cp):
    cp.create_custom_action_type(**definition(PLAIN))
    cp.create_custom_action_type(**definition(PLAIN))
    sim.settings(codepipeline={"create_identical": "refused"})
    assert code_of(cp.create_custom_action_type, **definition(PLAIN)) == \
        ("ValidationException", "this version exists already")
    assert code_of(cp.create_custom_action_type, **definition())[0] == \
        "ValidationException"
    cp.delete_custom_action_type(**MINE)
    assert code_of(cp.create_custom_action_type, **definition())[0] == \
        "ValidationException"
    cp.create_custom_action_type(**definition(PLAIN))


def test_limit_counts_what_exists(sim, cp):
    sim.settings(codepipeline={"action_types": [
        dict(MINE, version=str(i)) for i in range(50)]})
    assert code_of(cp.create_custom_action_type, **definition(PLAIN))[0] == \
        "LimitExceededException"
    cp.delete_custom_action_type(**dict(MINE, version="7"))
    cp.create_custom_action_type(**definition(PLAIN))
    listed = [t["id"]["version"] for page in cp.get_paginator(
        "list_action_types").paginate() for t in page["actionTypes"]]
    assert len(listed) == 50 and "S1" in listed and "7" not in listed


@pytest.mark.skipif(not shutil.which("aws", path="/usr/bin:/bin"),
                    reason="no AWS CLI")
def test_aws_cli(sim, tmp_path):
    def aws(*args):
        more = ["--ca-bundle", sim.ca_file] if sim.ca_file else []
        made = subprocess.run(
            ["aws", "--endpoint-url", sim.urls["codepipeline"], "--output",
             "json", *more, "codepipeline", *args], check=True, timeout=60,
            stdout=subprocess.PIPE, env={
                "PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                "AWS_ACCESS_KEY_ID": "AKIASIMWORKER",
                "AWS_SECRET_ACCESS_KEY": "sim-worker-secret",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_DEFAULT_REGION": REGION}).stdout
        return json.loads(made) if made else None

    path = tmp_path / "definition.json"
    path.write_text(json.dumps(definition(PLAIN, settings=SETTINGS)))
    made = aws("create-custom-action-type", "--cli-input-json",
               "file://" + str(path))
    assert made["actionType"]["id"] == MINE_ID
    types = aws("list-action-types", "--action-owner-filter", "Custom")
    assert made["actionType"] in types["actionTypes"]
    aws("delete-custom-action-type", "--category", "Deploy", "--provider",
        "Quali-Start-Sandbox", "--action-version", "S1")
    types = aws("list-action-types", "--action-owner-filter", "Custom")
    assert made["actionType"] not in types["actionTypes"]
    assert aws("list-pipelines") == {"pipelines": []}


# --- pipelines ---

def test_pipelines(sim, cp):
    sim.admin("POST", "/pipelines", {"name": "P", "actions": [
        {"name": "start", "action": "start-sandbox", "stage": "Lab",
         "configuration": {"BlueprintName": "B"}, "secret": {"Key": "k"}},
        {"name": "run", "action": "run-command", "stage": "Lab",
         "input_from": "start", "version": "9"},
        {"name": "end", "action": "end-sandbox", "input_from": "start"},
    ]})
    assert [p["name"] for p in cp.list_pipelines()["pipelines"]] == ["P"]
    answer = cp.get_pipeline(name="P")
    assert answer["metadata"]["pipelineArn"] == \
        "arn:aws:codepipeline:us-east-2:111122223333:P"
    p = answer["pipeline"]
    assert (p["name"], p["version"], p["artifactStore"]["location"]) == \
        ("P", 1, "sim-artifacts")
    assert [(s["name"], [a["name"] for a in s["actions"]])
            for s in p["stages"]] == [("Lab", ["start", "run"]),
                                      ("Test", ["end"])]
    start, run = p["stages"][0]["actions"]
    assert start["actionTypeId"] == START
    assert start["configuration"] == {"BlueprintName": "B", "Key": "****"}
    assert run["actionTypeId"] == dict(RUN, version="9")
    assert run["inputArtifacts"] == start["outputArtifacts"]
    assert p["stages"][1]["actions"][0]["actionTypeId"] == END
    assert cp.get_pipeline(name="P", version=1)
    assert code_of(cp.get_pipeline, name="P", version=2)[0] == \
        "PipelineVersionNotFoundException"
    assert code_of(cp.get_pipeline, name="Q")[0] == \
        "PipelineNotFoundException"


def test_pipelines_of_the_settings(sim, cp):
    stages = [{"name": "S", "actions": [
        {"name": "a", "actionTypeId": START, "runOrder": 1}]}]
    names = ["p%d" % i for i in range(5)]
    sim.settings(codepipeline={"pipelines_page": 2, "pipelines": [
        {"name": n, "roleArn": "arn:aws:iam::111122223333:role/x",
         "stages": stages} for n in names]})
    pages = list(cp.get_paginator("list_pipelines").paginate())
    assert [[p["name"] for p in page["pipelines"]] for page in pages] == \
        [["p0", "p1"], ["p2", "p3"], ["p4"]]
    assert len(cp.list_pipelines(maxResults=1)["pipelines"]) == 1
    assert code_of(cp.list_pipelines, nextToken="x")[0] == \
        "InvalidNextTokenException"
    assert cp.get_pipeline(name="p3")["pipeline"]["stages"] == stages
    for wrong in ([{"name": "x"}], [{"stages": []}], [1]):
        sim.admin("PUT", "/settings", {"codepipeline": {"pipelines": wrong}},
                  status=400)


# --- permissions ---

NOBODY = "01234567-89ab-cdef-0123-456789abcdef"
FAILURE = {"type": "JobFailed", "message": "m"}
CALLS = {
    "PollForJobs": {"actionTypeId": START},
    "AcknowledgeJob": {"jobId": NOBODY, "nonce": "1"},
    "GetJobDetails": {"jobId": NOBODY},
    "PutJobSuccessResult": {"jobId": NOBODY},
    "PutJobFailureResult": {"jobId": NOBODY, "failureDetails": FAILURE},
    "CreateCustomActionType": definition(PLAIN),
    "DeleteCustomActionType": MINE,
    "ListActionTypes": {}, "ListPipelines": {}, "GetPipeline": {"name": "P"},
}


@pytest.mark.parametrize("operation", CALLS)
def test_denied(sim, operation):
    """What is denied is denied, and nothing else is."""
    sim.settings(codepipeline={"denied": ["codepipeline:" + operation]})
    for other, body in CALLS.items():
        a = sim.cp(other, body)
        assert (a.status == 400 and a.code == "AccessDeniedException") == \
            (other == operation)
        if other == operation:
            assert a.json["message"].startswith(
                "User: arn:aws:iam::111122223333:user/sim-worker is not "
                "authorized to perform: codepipeline:%s on resource: arn:aws"
                ":codepipeline:us-east-2:111122223333:" % operation)


def test_denied_for_one_resource(sim, cp):
    arn = "arn:aws:codepipeline:us-east-2:111122223333:actiontype:Custom/%s"
    denied = arn % "Deploy/Quali-Start-Sandbox/10"
    sim.settings(codepipeline={
        "denied": ["codepipeline:PollForJobs " + denied]})
    code, message = code_of(cp.poll_for_jobs, actionTypeId=START)
    assert code == "AccessDeniedException" and denied in message
    assert "jobs" in cp.poll_for_jobs(actionTypeId=RUN)
    assert "jobs" in cp.poll_for_jobs(actionTypeId=dict(START, version="9"))


def test_denied_tags_and_roles(sim, cp):
    sim.settings(codepipeline={"denied": ["codepipeline:TagResource",
                                          "sts:AssumeRole"]})
    tagged = definition(PLAIN, tags=[{"key": "a", "value": "b"}])
    code, message = code_of(cp.create_custom_action_type, **tagged)
    assert code == "AccessDeniedException" and "TagResource" in message
    cp.create_custom_action_type(**definition(PLAIN))
    sts = sim.client("sts")
    code, message = code_of(
        sts.assume_role, RoleSessionName="me",
        RoleArn="arn:aws:iam::111122223333:role/sim-worker")
    assert code == "AccessDenied" and "role/sim-worker" in message
    assert sts.get_caller_identity()["Account"]
    sim.admin("PUT", "/settings", {"codepipeline": {"denied": [1]}},
              status=400)
