"""What can be wrong with a job: each fault fails it with the right type and a
text that its author can act on, and affects no other job."""
import base64
import io
import zipfile

import pytest

from actions import artifact_of, run, run_job, start
from faults import FAST, Beside, body, once, told
from sim import PASSWORD, wait_for

HANGS = {"cloudshell": {"command": {"ms": 600000}}}


@pytest.fixture(name="worker")
def fixture_worker(make_worker):
    return make_worker(FAST).start()


def start_job(sim, **properties):
    return sim.job_add("start-sandbox", configuration=start(**properties))


def components_are(sim, *names):
    """In sandboxes made from now on."""
    blueprints = sim.ask("GET", "/settings")["cloudshell"]["blueprints"]
    blueprints[0]["components"] = list(names)
    sim.settings(cloudshell={"blueprints": blueprints})


# --- commands that do not end well ---

@pytest.mark.parametrize("component, command, knobs", [
    ("SANDBOX", "smoke test", {"ms": 600000}),
    ("SANDBOX", "smoke test", {"pending_ms": 600000}),
    ("db", "deploy", {"ms": 600000})], ids=["sandbox", "pending", "db"])
def test_command_that_hangs(sim, make_worker, component, command, knobs):
    """At the deadline the command is cancelled in CloudShell, and the slot is
    free."""
    worker = make_worker(dict(FAST, **{"run-command.timeout": "2s"})).start()
    with Beside(sim, worker) as beside:
        sim.settings(cloudshell={"command": knobs})
        job = run_job(sim, sim.sandbox_add(), component, command)
        told(sim, job, "JobFailed", "Timed out after 2 s",
             "waiting for the command", "was cancelled")
        (execution,) = beside.executions()
        assert execution["cancelled"] and execution["status"] == "Cancelled"
        assert beside.posts() == [
            "StartSandboxCommand" if component == "SANDBOX" else
            "StartComponentCommand", "CancelExecution"]
        sim.settings(cloudshell={"command": {"ms": 1, "pending_ms": 0}})


def test_command_that_cannot_be_cancelled(sim, make_worker):
    """The text says that the command goes on."""
    worker = make_worker(dict(FAST, **{"run-command.timeout": "2s"})).start()
    with Beside(sim, worker) as beside:
        sim.settings(cloudshell={"command": {"ms": 600000,
                                             "cancellable": False}})
        told(sim, run_job(sim, sim.sandbox_add()), "JobFailed",
             "Timed out after 2 s", "cannot cancel the command", "goes on")
        assert beside.posts() == ["StartSandboxCommand"]
        sim.settings(cloudshell={"command": {"ms": 1}})


@pytest.mark.parametrize("status, words", [
    ("Failed", ["failed", "disk full"]), ("Error", ["failed", "disk full"]),
    ("Cancelled", ["was cancelled"]), ("Stopped", ["was cancelled"]),
    ("Aborted by Gremlins", ["ended without success", "disk full"])])
def test_command_that_ends_badly(sim, worker, status, words):
    """Somebody or something ends the command while the job waits for it."""
    with Beside(sim, worker) as beside:
        sim.settings(**HANGS)
        job = run_job(sim, sim.sandbox_add())
        execution = sim.wait_execution(lambda e: e["sandbox"] != beside.box)
        sim.ask("POST", "/executions/" + execution["id"], {
            "ms": 0, "status": status, "output": "disk full"})
        message = told(sim, job, "JobFailed", '"smoke test"', status, *words)
        assert "had ended" not in message and "go on" not in message
        assert beside.posts() == ["StartSandboxCommand"]
        sim.settings(cloudshell={"command": {"ms": 1}})


def test_failed_command_that_cannot_be_read_again(sim, worker):
    """The command's end is known: the worker asks for and cancels nothing
    more."""
    with Beside(sim, worker) as beside:
        sim.settings(cloudshell={"command": {
            "status": "Failed", "output": "the reason"}})
        sim.fault("cloudshell", "GetExecution", "hang", count=-1, after=1)
        message = told(sim, run_job(sim, sim.sandbox_add()), "JobFailed",
                       "failed (status Failed): the reason")
        assert message.endswith("the reason")
        (execution,) = beside.executions()
        assert len([n for n in sim.requests("cloudshell", "GetExecution")
                    if execution["id"] in n["target"]]) == 1
        assert beside.posts() == ["StartSandboxCommand"]
        sim.settings(cloudshell={"command": {"status": "Completed"}})


def test_unknown_status_goes_on(sim, worker):
    """An unknown word is not an end while the execution has none."""
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.fault("cloudshell", "GetExecution", "body", {"body": {
            "id": "x", "status": "Contemplating", "ended": None,
            "output": None, "supports_cancellation": True}}, count=3)
        sim.succeeded(run_job(sim, box))
        assert beside.posts() == ["StartSandboxCommand"]


# --- sandboxes that do not become ready ---

def test_setup_error(sim, worker):
    """The reason and the stage reach the author; the sandbox is ended."""
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(cloudshell={"setup": "error",
                                 "setup_stage_stop": "Connectivity"})
        job = start_job(sim)
        message = told(sim, job, "JobFailed", "setup of sandbox",
                       "Connectivity", "'Setup' Blueprint command",
                       "The sandbox was ended")
        (box,) = beside.sandboxes()
        assert box["id"] in message and box["name"] in message
        assert box["stops"] == 1
        assert beside.posts() == ["StartSandbox", "StopSandbox"]
        assert sim.requests("s3", "PutObject") == []


def test_setup_error_without_a_reason(sim, worker):
    """With an empty activity feed the text still says something."""
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(cloudshell={"setup": "error", "no_activity": True})
        told(sim, start_job(sim), "JobFailed", "no reason")
        assert beside.posts() == ["StartSandbox", "StopSandbox"]


def test_setup_that_never_ends(sim, make_worker):
    """At the deadline the sandbox is ended, and the slot is free."""
    worker = make_worker(dict(FAST, **{"start-sandbox.timeout": "2s"})).start()
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(cloudshell={"setup": "never"})
        message = told(sim, start_job(sim), "JobFailed",
                       "Timed out after 2 s", "sandbox's setup", "was ended")
        (box,) = beside.sandboxes()
        assert box["stops"] == 1 and box["id"] in message
        assert beside.posts() == ["StartSandbox", "StopSandbox"]


def test_teardown_that_never_ends(sim, make_worker):
    """An action that waits for the teardown ends at its deadline."""
    worker = make_worker(dict(FAST, **{"end-sandbox.timeout": "2s"})).start()
    with Beside(sim, worker) as beside:
        sim.settings(cloudshell={"teardown": "never"})
        job = sim.job_add("end-sandbox", input=artifact_of(sim.sandbox_add()),
                          configuration={"WaitForTeardown": "true"})
        told(sim, job, "JobFailed", "Timed out after 2 s", "teardown",
             "goes on")
        assert beside.posts() == ["StopSandbox"]


# --- blueprints ---

@pytest.mark.parametrize("name", ["Nobody's", "Private Blueprint"])
def test_blueprint_that_cannot_be_seen(sim, worker, name):
    """The worker's user cannot tell unknown from unpublished; the text names
    both and lists what there is."""
    with Beside(sim, worker, "run-command") as beside:
        told(sim, start_job(sim, BlueprintName=name), "ConfigurationError",
             'blueprint "%s" not found' % name, 'domain "Global"',
             "is it public?", "Demo Blueprint")
        assert beside.posts() == [] and beside.sandboxes() == []


def test_no_blueprint_at_all(sim, worker):
    """If no blueprint is visible, the text says to whom."""
    with Beside(sim, worker, "run-command") as beside:
        blueprints = sim.ask("GET", "/settings")["cloudshell"]["blueprints"]
        for blueprint in blueprints:
            blueprint["public"] = False
        sim.settings(cloudshell={"blueprints": blueprints})
        told(sim, start_job(sim), "ConfigurationError", "Demo Blueprint",
             'user "ci"', "public")
        assert beside.posts() == []
        for blueprint in blueprints:
            blueprint["public"] = True
        sim.settings(cloudshell={"blueprints": blueprints})


@pytest.mark.parametrize("status", [400, 409])
def test_conflicting_blueprint(sim, worker, status):
    """Resources in use fail the start at once; the worker sends it once."""
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(cloudshell={"conflicts": 1000,
                                 "conflict_status": status})
        told(sim, start_job(sim), "JobFailed", "resources are in use",
             "conflicting resources", "end the sandbox that holds them")
        assert beside.posts() == ["StartSandbox"]
        assert beside.sandboxes() == []


# --- InputsJSON ---

@pytest.mark.parametrize("blank", ["", " \t\r\n ", "{}"])
def test_blank_inputs(sim, worker, blank):
    """Blank means none."""
    job = start_job(sim, InputsJSON=blank)
    sim.succeeded(job)
    assert worker.running()
    assert body(once(sim, "StartSandbox")).get("params", []) == []


@pytest.mark.parametrize("text, words", [
    ("{'Build': '17'}", ["not valid JSON", "line 1, column 2"]),
    ('{"Build": "17",}', ["not valid JSON", "line 1"]),
    ("Build=17", ["not valid JSON"]),
    ('{\n"Build": seventeen\n}', ["not valid JSON", "line 2"]),
    ('["Build", "17"]', ["not a JSON object"]),
    ("17", ["not a JSON object"]),
    ('{"Build": "1", "Build": "2"}', ["name twice"]),
    ('{"Build": 1e999}', ["too large"]),
    ('{"Build": [1]}', ['"Build"', "a list"]),
    ('{"Build": {"a": 1}}', ['"Build"', "an object"])])
def test_useless_inputs(sim, worker, text, words):
    """Anything but an object of scalars fails before CloudShell is
    contacted."""
    with Beside(sim, worker, "run-command") as beside:
        told(sim, start_job(sim, InputsJSON=text), "ConfigurationError",
             "InputsJSON", *words)
        assert beside.asked() == []


def test_inputs_of_every_kind(sim, worker):
    """Numbers and booleans go out as the text their author wrote."""
    sim.succeeded(start_job(sim, InputsJSON=(
        '{"i": 17, "n": -9007199254740993, "f": 1.1, "z": 1.0, "t": true,'
        ' "F": false, "s": "a \\"b\\" \\u00e9", "e": "", "0": "zero"}')))
    assert worker.running()
    sent = body(once(sim, "StartSandbox"))["params"]
    assert {p["name"]: p["value"] for p in sent} == {
        "i": "17", "n": "-9007199254740993", "f": "1.1", "z": "1.0",
        "t": "true", "F": "false", "s": 'a "b" \u00e9', "e": "",
        "0": "zero"}


# --- artifacts ---

BIG = b"PK\x03\x04" + bytes(65 * 1024 * 1024)


def broken_zip():
    """An archive that is complete at its beginning and cut off in its
    directory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("sandbox.json", '{"id": "1"}')
    return out.getvalue()[:-10]


def bomb_zip():
    """A gigabyte of blanks in a megabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        with z.open("sandbox.json", "w") as f:
            for _ in range(256):
                f.write(b" " * (4 << 20))
    return out.getvalue()


ADDERS = {
    "run-command": lambda sim, **more: sim.job_add(
        "run-command", configuration=run(), **more),
    "end-sandbox": lambda sim, **more: sim.job_add(
        "end-sandbox", configuration={}, **more),
}


@pytest.fixture(name="add", params=sorted(ADDERS))
def fixture_add(request):
    return ADDERS[request.param]


def encoded(data):
    return {"base64": base64.b64encode(data).decode()}


def test_no_output_artifact(sim, worker):
    """A start without an output artifact only hands on its variables."""
    with Beside(sim, worker, "run-command") as beside:
        job = sim.job_add("start-sandbox", configuration=start(), outputs=0)
        console = sim.succeeded(job)["console"]
        (box,) = beside.sandboxes()
        assert console["variables"]["SandboxId"] == box["id"]
        assert sim.requests("s3", "PutObject") == []
        assert beside.posts() == ["StartSandbox"]


def test_no_input_artifact(sim, worker, add):
    """The text says which artifact the action needs."""
    with Beside(sim, worker) as beside:
        told(sim, add(sim), "ConfigurationError", "no input artifact",
             "Quali-Start-Sandbox")
        assert beside.asked() == []


def test_two_input_artifacts(sim, worker, add):
    """The worker does not guess which of two sandboxes is meant."""
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        job = add(sim, input=artifact_of(box), inputs=2)
        told(sim, job, "ConfigurationError", "2 input artifacts",
             "Quali-Start-Sandbox")
        assert beside.posts() == []


def test_two_output_artifacts(sim, worker):
    """Only one can be written: the pipeline would miss the other later."""
    with Beside(sim, worker, "run-command") as beside:
        job = sim.job_add("start-sandbox", configuration=start(), outputs=2)
        told(sim, job, "ConfigurationError", "2 output artifacts")
        assert beside.asked() == []


def test_missing_artifact(sim, worker, add):
    """The text says that the object does not exist, and where."""
    with Beside(sim, worker) as beside:
        job = add(sim, input={"missing": True})
        told(sim, job, "RevisionUnavailable", "input artifact",
             "s3://sim-artifacts/SimPipeline/", "NoSuchKey")
        assert beside.asked() == []


@pytest.mark.parametrize("how", ["policy", "missing and hidden"])
def test_denied_artifact(sim, worker, add, how):
    """The text names the permissions that are needed."""
    with Beside(sim, worker) as beside:
        if how == "policy":
            given = artifact_of(sim.sandbox_add())
            sim.fault("s3", "GetObject", "error", {
                "code": "AccessDenied", "message": "Access Denied",
                "status": 403}, count=-1)
        else:
            sim.settings(s3={"missing_denied": True})
            given = {"missing": True}
        told(sim, add(sim, input=given), "PermissionError", "AccessDenied",
             "s3:GetObject", "kms:Decrypt")
        assert beside.asked() == []
        assert len(sim.requests("s3", "GetObject")) == 1


def test_big_artifact(sim, worker, add):
    """The worker does not read 65 MiB; the text says which artifact it
    needs."""
    with Beside(sim, worker) as beside:
        sim.ask("PUT", "/objects/sim-artifacts/big", BIG)
        told(sim, add(sim, input={"object": "sim-artifacts/big"}),
             "ConfigurationError", "64 MiB", "Quali-Start-Sandbox")
        assert beside.asked() == []


@pytest.mark.parametrize("given", [
    encoded(b""), encoded(bytes(range(256)) * 200),
    encoded(broken_zip()), encoded(bomb_zip()), {"zip": {}},
    {"zip": {"app/index.html": "<html>"}},
    {"zip": {"sandbox.json": "[]"}},
    {"zip": {"sandbox.json": '{"id": ""}'}},
    {"zip": {"sandbox.json": '{"id": "a b"}'}},
    {"zip": {"sandbox.json": '{"id": {"id": "1"}}'}},
    {"zip": {"a.json": '{"id": "1"}', "b.json": '{"id": "2"}'}},
    {"zip": {"sandbox.json": "[" * 100000}},
    {"json": {"name": "x"}, "bare": True},
    {"json": "3b1f", "bare": True}, {"json": {"id": "x" * 200}}],
    ids=["empty", "binary", "torn", "bomb", "empty zip", "other zip",
         "list", "blank id", "spaced id", "object id", "two", "deep",
         "no id", "string", "long id"])
def test_artifact_that_is_no_sandbox(sim, worker, given):
    """Whatever another action handed on: the text says what to use."""
    with Beside(sim, worker) as beside:
        job = sim.job_add("run-command", configuration=run(), input=given)
        told(sim, job, "ConfigurationError", "input artifact",
             "Quali-Start-Sandbox")
        assert beside.asked() == []


def test_artifact_of_an_unknown_sandbox(sim, worker):
    """The text names an id that CloudShell does not know."""
    with Beside(sim, worker) as beside:
        ghost = "7d3a9a10-0000-4000-8000-000000000001"
        told(sim, run_job(sim, ghost), "JobFailed", ghost, "no sandbox")
        assert beside.posts() == []


# --- components ---

@pytest.mark.parametrize("component, words", [
    ("cache", ["no component matches", '"cache"', '"web_ab12-cd34"',
               '"web_ef56-ab78"', '"db"']),
    ("web_", ["matches 2 components", '"web_ab12-cd34"', '"web_ef56-ab78"',
              "name one of them"]),
    (".*", ["matches 3 components"]),
    ("web_(", ["neither the name of a component nor a regular expression",
               '"web_("'])])
def test_component_not_found(sim, worker, component, words):
    """None and several list the candidates; nothing is started."""
    with Beside(sim, worker) as beside:
        job = run_job(sim, sim.sandbox_add(), component, "deploy")
        told(sim, job, "ConfigurationError", "ComponentName", *words)
        assert beside.posts() == []


def test_sandbox_without_components(sim, worker):
    with Beside(sim, worker) as beside:
        components_are(sim)
        box = sim.sandbox_add()
        components_are(sim, "db")
        told(sim, run_job(sim, box, "db", "deploy"), "ConfigurationError",
             '"db"', "the sandbox has none")
        assert beside.posts() == []


@pytest.mark.parametrize("exact, others", [
    ("db", ["db2", "db-slave"]), ("a.c", ["abc", "a.cd"]),
    ("web[1]", ["web1"]), ("web(1", ["web1"]), ("c++", ["ccc"])])
def test_exact_name_that_is_an_expression(sim, worker, exact, others):
    """An exact name counts, whatever it would mean as an expression."""
    with Beside(sim, worker) as beside:
        components_are(sim, *others, exact)
        box = sim.sandbox_add()
        components_are(sim, "db")
        sim.succeeded(run_job(sim, box, exact, "deploy"))
        assert [e["component"] for e in beside.executions()] == [exact]
        assert beside.posts() == ["StartComponentCommand"]


@pytest.mark.parametrize("expression", [
    "(a+)+$", "(a|aa)+$", "((((((a*)*)*)*)*)*)*$!", "(?R)?a+!"])
def test_expression_that_explodes(sim, worker, expression):
    """The worker gives up an expression that would take for ever; the text
    says what to write instead."""
    with Beside(sim, worker) as beside:
        components_are(sim, "a" * 58 + "!")
        box = sim.sandbox_add()
        components_are(sim, "db")
        told(sim, run_job(sim, box, expression, "deploy"),
             "ConfigurationError", "ComponentName", '"%s"' % expression,
             "takes too long to match", "simpler")
        assert beside.posts() == []


# --- a sandbox that ended meanwhile ---

@pytest.mark.parametrize("state", ["Ended", "Teardown"])
def test_sandbox_ended_before_the_command(sim, worker, state):
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add("mine")
        sim.sandbox_set(box, state=state)
        told(sim, run_job(sim, box), "JobFailed", '"mine"', box, "has ended",
             state, "DurationInMinutes")
        assert beside.posts() == []


def test_sandbox_ended_at_the_start_of_the_command(sim, worker):
    """It was Ready at the look, and gone when the command should start."""
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.fault("cloudshell", "StartSandboxCommand", "error", {
            "message": "Sandbox is not active", "status": 400})
        told(sim, run_job(sim, box), "JobFailed", "start the command",
             "Sandbox is not active", "the sandbox has ended",
             "DurationInMinutes")
        assert beside.posts() == ["StartSandboxCommand"]
        assert beside.executions() == []


@pytest.mark.parametrize("how", ["stopped", "forgotten"])
def test_sandbox_ended_during_the_command(sim, worker, how):
    """The execution is stopped, or CloudShell no longer knows it."""
    with Beside(sim, worker) as beside:
        sim.settings(**HANGS)
        box = sim.sandbox_add()
        job = run_job(sim, box)
        execution = sim.wait_execution(lambda e: e["sandbox"] == box)
        if how == "stopped":
            sim.ask("POST", "/executions/" + execution["id"], {
                "ms": 0, "status": "Stopped", "output": None})
            words = ["was cancelled", "Stopped"]
        else:
            sim.fault("cloudshell", "GetExecution", "error", {
                "status": 404, "message":
                    "The requested entity could not be found"},
                count=-1, match=execution["id"])
            words = ["no longer knows", execution["id"], "cannot tell",
                     "The sandbox has probably ended"]
        sim.sandbox_set(box, state="Ended")
        told(sim, job, "JobFailed", '"smoke test"', *words)
        assert beside.posts() == ["StartSandboxCommand"]
        sim.settings(cloudshell={"command": {"ms": 1}})


def test_sandbox_ended_during_its_setup(sim, worker):
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(cloudshell={"setup": "never"})
        job = start_job(sim, SandboxName="mine")
        box = sim.wait_sandbox(lambda s: s["name"].startswith("mine"))
        sim.sandbox_set(box["id"], state="Ended")
        told(sim, job, "JobFailed", box["id"], "ended during its setup",
             "duration was too short")
        assert beside.posts() == ["StartSandbox"]


# --- tokens and logins ---

ANSWERS = ["401", "403", "400", "500html", "200error"]
BAD = "Token is invalid or expired"
REFUSALS = {
    "401": ("error", {"status": 401, "message": BAD}),
    "403": ("error", {"status": 403, "message": BAD}),
    "400": ("error", {"status": 400, "message": BAD}),
    "500html": ("status", {"status": 500, "type": "text/html",
                           "body": "<html><body><h1>Internal Server Error"
                                   "</h1></body></html>"}),
    "200error": ("body", {"body": {"errorCategory": "Authentication",
                                   "statusCode": 401, "message": BAD}}),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_token_that_expires_in_the_wait(sim, worker, answer):
    """Whatever the server says of a bad token: one new login, and the wait
    goes on."""
    with Beside(sim, worker) as beside:
        sim.settings(cloudshell=dict({"command": {"ms": 600000}},
                                     expired_answer=answer))
        box = sim.sandbox_add()
        job = run_job(sim, box)
        execution = sim.wait_execution(lambda e: e["sandbox"] == box)
        sim.fault("cloudshell", "GetExecution", "expire")
        sim.wait_fault_used()
        good = wait_for(lambda: good_looks(sim), "a good look after a bad "
                        "one", worker.stderr)
        assert bad_tokens(sim, "GetExecution")[0] < good
        sim.ask("POST", "/executions/" + execution["id"], {"ms": 0})
        sim.succeeded(job)
        assert beside.posts() == ["StartSandboxCommand"]
        sim.settings(cloudshell={"command": {"ms": 1}})


def bad_tokens(sim, operation):
    """Numbers of the requests that were refused for their token."""
    return [n["seq"] for n in sim.requests("cloudshell", operation)
            if "token" in (n["why"] or "")]


def good_looks(sim):
    """The last look at a command that came after one with an old token."""
    bad = bad_tokens(sim, "GetExecution")
    good = [n["seq"] for n in sim.requests("cloudshell", "GetExecution")
            if bad and n["seq"] > bad[-1]]
    return good and good[-1]


@pytest.mark.parametrize("answer, component", [
    (answer, "SANDBOX") for answer in ANSWERS] + [("403", "db")])
def test_token_that_expires_before_the_command(sim, worker, answer,
                                               component):
    """The worker repeats a start that was refused for its token, since nothing
    started; but not after an HTTP 500, which may mean anything. The healthy
    job's token is as old, so it logs in again, too."""
    command, operation, before = ("smoke test", "StartSandboxCommand",
                                  "GetSandbox")
    if component == "db":
        command, operation, before = ("deploy", "StartComponentCommand",
                                      "ListComponents")
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        sim.settings(cloudshell={"expired_answer": answer})
        sim.fault("cloudshell", before, "expire", match=box)
        job = run_job(sim, box, component, command)
        if answer == "500html":
            told(sim, job, "JobFailed", "may have run",
                 "did not start it again")
            assert beside.executions() == []
        else:
            sim.succeeded(job)
            assert len(beside.executions()) == 1
        notes = sim.requests("cloudshell", operation)
        assert bad_tokens(sim, operation) == [notes[0]["seq"]]
        assert [n["connection_request"] for n in notes] == (
            [1] if answer == "500html" else [1, 1])


@pytest.mark.parametrize("answer", [a for a in ANSWERS if a != "500html"])
def test_token_that_expires_before_the_sandbox(sim, worker, answer):
    """The same for a start of a sandbox. (An HTTP 500 is a lost start:
    test_fault_cloudshell.py.)"""
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(cloudshell={"expired_answer": answer})
        sim.fault("cloudshell", "GetBlueprint", "expire")
        variables = sim.succeeded(start_job(sim))["console"]["variables"]
        (box,) = beside.sandboxes()
        assert variables["SandboxId"] == box["id"]
        notes = sim.requests("cloudshell", "StartSandbox")
        assert bad_tokens(sim, "StartSandbox") == [notes[0]["seq"]]
        assert [n["connection_request"] for n in notes] == [1, 1]


@pytest.mark.parametrize("cause, answer", [
    ("deadline", answer) for answer in ANSWERS] + [
        ("refusal", "403"), ("refusal", "500html")])
def test_old_token_when_a_command_is_cancelled(sim, make_worker, cause,
                                               answer):
    """The token is too old just when it is needed to undo a command: one new
    login, and the command is cancelled."""
    settings = {"worker.kill_grace": "50s"}
    if cause == "deadline":
        settings["run-command.timeout"] = "5s"
    worker = make_worker(dict(FAST, **settings)).start()
    with Beside(sim, worker) as beside:
        sim.settings(**HANGS)
        job = run_job(sim, sim.sandbox_add())
        sim.wait_execution(lambda e: e["sandbox"] != beside.box)
        sim.wait_requests("cloudshell", "GetExecution")
        logins = len(sim.requests("cloudshell", "Login"))
        sim.fault("cloudshell", "CancelExecution", *REFUSALS[answer],
                  count=2 if answer == "500html" else 1)
        if cause == "refusal":
            sim.fault("cloudshell", "GetExecution", "status",
                      {"status": 418, "body": "teapot"}, count=-1)
        told(sim, job, "JobFailed", "was cancelled", "Timed out"
             if cause == "deadline" else "teapot")
        (execution,) = beside.executions()
        assert execution["cancelled"]
        assert len(sim.requests("cloudshell", "Login")) == logins + 1
        sim.settings(cloudshell={"command": {"ms": 1}})


@pytest.mark.parametrize("cause, answer", [
    ("error", answer) for answer in ANSWERS] + [
        ("deadline", "403"), ("deadline", "500html")])
def test_old_token_when_a_sandbox_is_ended(sim, make_worker, cause, answer):
    """The same for a useless sandbox."""
    settings = {"worker.kill_grace": "50s"}
    if cause == "deadline":
        settings["start-sandbox.timeout"] = "5s"
    worker = make_worker(dict(FAST, **settings)).start()
    with Beside(sim, worker, "run-command") as beside:
        sim.settings(cloudshell={
            "setup": "never" if cause == "deadline" else "error"})
        logins = len(sim.requests("cloudshell", "Login"))
        sim.fault("cloudshell", "StopSandbox", *REFUSALS[answer],
                  count=2 if answer == "500html" else 1)
        told(sim, start_job(sim), "JobFailed", "was ended", "Timed out"
             if cause == "deadline" else "failed in stage")
        (box,) = beside.sandboxes()
        assert box["stops"] == 1
        assert set(beside.posts()) == {"StartSandbox", "StopSandbox"}
        assert len(sim.requests("cloudshell", "Login")) == logins + 2


@pytest.mark.parametrize("answer", ANSWERS)
def test_token_that_is_never_good(sim, worker, answer):
    """Every token is refused: the job fails and does not log in for ever."""
    with Beside(sim, worker) as beside:
        box = sim.sandbox_add()
        before = len(sim.requests("cloudshell", "Login"))
        sim.fault("cloudshell", "StartSandboxCommand", *REFUSALS[answer],
                  count=-1)
        job = run_job(sim, box)
        if answer == "500html":
            told(sim, job, "JobFailed", "may have run")
        else:
            told(sim, job, "PermissionError", "start the command", "Token")
        logins = len(sim.requests("cloudshell", "Login")) - before
        assert logins == (1 if answer == "500html" else 2)
        assert len(beside.posts()) == logins
        assert beside.executions() == []


@pytest.mark.parametrize("settings, action", [
    ({"password": "changed-meanwhile"}, "start-sandbox"),
    ({"password": "changed-meanwhile"}, "run-command"),
    ({"domain": "Elsewhere"}, "run-command"),
    ({"user": "somebody"}, "run-command")])
def test_refused_login(sim, worker, settings, action):
    """The text names user and domain and what to check; the password is tried
    once, since accounts get locked."""
    with Beside(sim, worker, "start-sandbox" if action == "run-command" else
                "run-command") as beside:
        before = len(sim.requests("cloudshell", "Login"))
        sim.secrets.update(
            {k: v for k, v in settings.items() if k == "password"})
        sim.settings(cloudshell=settings)
        job = start_job(sim) if action == "start-sandbox" else \
            run_job(sim, sim.sandbox_add())
        message = told(sim, job, "PermissionError", 'user "ci"',
                       'domain "Global"', "password", "check the worker's")
        assert PASSWORD not in message
        assert len(sim.requests("cloudshell", "Login")) == before + 1
        assert beside.posts() == []
        sim.settings(cloudshell={"password": PASSWORD, "domain": "Global",
                                 "user": "ci"})


def test_login_refused_in_the_middle(sim, worker):
    """Somebody changes the password while a command runs: the text says that
    the command may go on, since nobody can cancel it. A job whose token is
    still valid does not notice."""
    with Beside(sim, worker) as beside:
        sim.settings(**HANGS)
        job = run_job(sim, sim.sandbox_add())
        execution = sim.wait_execution(lambda e: e["sandbox"] != beside.box)
        sim.wait_requests("cloudshell", "GetExecution")
        logins = len(sim.requests("cloudshell", "Login"))
        sim.secrets["new password"] = "changed-meanwhile"
        sim.settings(cloudshell={"password": "changed-meanwhile"})
        for operation in ("GetExecution", "CancelExecution"):
            sim.fault("cloudshell", operation, *REFUSALS["401"], count=-1)
        told(sim, job, "PermissionError", "refused the login", 'user "ci"',
             "Execution %s of command \"smoke test\" may go on: look in "
             "CloudShell" % execution["id"])
        assert len(sim.requests("cloudshell", "Login")) == logins + 1
        assert [e["cancelled"] for e in beside.executions()] == [False]
        sim.settings(cloudshell={"command": {"ms": 1},
                                 "password": PASSWORD})
