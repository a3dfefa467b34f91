"""qualictl actions: what it registers, deletes and says of both."""
import json
import os
import re
import subprocess

import pytest

from ctl import DENIED, FAILED, NAMES, USAGE
from sim import body_of, json_of

PROVIDERS = ["Quali-Start-Sandbox", "Quali-Run-Command", "Quali-End-Sandbox"]


def calls(sim, *operations):
    return [n for n in sim.requests("codepipeline")
            if n["operation"] in operations]


def changes(sim):
    return calls(sim, "CreateCustomActionType", "DeleteCustomActionType")


def registered(sim, ctl, **more):
    """Let somebody else have registered run-command with some changes."""
    types = [dict(ctl.shipped("run-command"), **more)]
    sim.settings(codepipeline={"action_types": types})


# --- the whole way ---

def test_install_list_and_uninstall(sim, ctl):
    rows = ctl.json("actions", "install")["types"]
    assert [r["result"] for r in rows] == ["created"] * 3
    assert [r["provider"] for r in rows] == PROVIDERS
    for provider in PROVIDERS:
        row = ctl.states()[provider, "10"]
        assert (row["state"], row["polled"], row["differences"]) == \
            ("same", True, [])
    rows = ctl.json("actions", "install")["types"]
    assert [r["result"] for r in rows] == ["already there"] * 3
    assert len(changes(sim)) == 3
    rows = ctl.json("actions", "uninstall", "--yes")["types"]
    assert [r["result"] for r in rows] == ["deleted"] * 3
    assert {r["state"] for r in ctl.states().values()} == {"missing"}
    rows = ctl.json("actions", "uninstall", "--yes")["types"]
    assert [r["result"] for r in rows] == ["not registered"] * 3
    assert len(changes(sim)) == 6


def test_dry_run_prints_the_bytes_that_are_sent(sim, ctl):
    lines, _ = ctl.run("actions", "install", "--dry-run")
    assert lines == ctl.run("actions", "install", "--dry-run")[0]
    assert not sim.requests()
    ctl.run("actions", "install")
    sent = [body_of(n).decode() for n in changes(sim)]
    assert "".join(line + "\n" for line in sent) == lines


def test_one_action_alone(sim, ctl):
    ctl.run("actions", "install", "run-command")
    (note,) = changes(sim)
    assert json_of(note)["provider"] == "Quali-Run-Command"
    assert ctl.states("Quali-Run-Command").keys() == {
        ("Quali-Run-Command", "10"), ("Quali-Run-Command", "9")}


def test_links_lead_to_the_portal(sim, make_ctl):
    make_ctl().run("actions", "install", "start-sandbox")
    (note,) = changes(sim)
    assert json_of(note)["settings"] == {
        "executionUrlTemplate": "https://portal.lab.example/RM/Diagram/Index/"
        "{ExternalExecutionId}"}
    bare = make_ctl({"cloudshell.portal_url": None})
    _, err = bare.run("actions", "install", "end-sandbox")
    assert "portal_url" in err
    assert "settings" not in json_of(changes(sim)[-1])
    assert bare.states("end-sandbox")["Quali-End-Sandbox", "10"]["state"] == \
        "same"


def test_links_that_come_later(sim, make_ctl):
    """The remedy edits no file of the package, and names the other way."""
    ctl = make_ctl({"cloudshell.portal_url": None})
    _, err = ctl.run("actions", "install", "run-command")
    assert "set it before you register them" in err
    later = make_ctl()
    _, err = later.run("actions", "install", "run-command", status=FAILED)
    shipped = os.path.join(later.src, "src", "actions", "run-command.json")
    assert "copy %s to %s and raise \"version\" there" % (
        shipped, later.actions) in err
    assert "give portal_url in worker.conf its former value, or none" in err
    assert "Nothing was registered" in err
    path = later.define("run-command", later.shipped("run-command"))
    _, err = later.run("actions", "install", "run-command", status=FAILED)
    assert 'raise "version" in ' + path in err and "copy " not in err


def test_own_templates_stay(sim, make_ctl):
    ctl = make_ctl({"cloudshell.portal_url": None})
    own = ctl.shipped("end-sandbox")
    own["settings"]["entityUrlTemplate"] = "https://wiki.example/labs"
    ctl.define("end-sandbox", own)
    ctl.run("actions", "install", "end-sandbox")
    assert json_of(changes(sim)[-1])["settings"] == {
        "entityUrlTemplate": "https://wiki.example/labs"}


# --- what is there already ---

def test_a_differing_type_is_refused(sim, ctl):
    properties = ctl.shipped("run-command")["configurationProperties"]
    properties[1]["required"] = False
    properties.pop()
    registered(sim, ctl, configurationProperties=properties,
               outputArtifactDetails={"minimumCount": 0, "maximumCount": 0})
    _, err = ctl.run("actions", "install", status=FAILED)
    assert not changes(sim)
    assert 'raise "version" there' in err and "run-command.json" in err
    row = ctl.states()["Quali-Run-Command", "10"]
    assert row["state"] == "differs"
    found = {d["member"]: (d["file"], d["account"])
             for d in row["differences"]}
    assert found.pop("configurationProperties[CommandName].required") == \
        (True, False)
    assert found.pop("outputArtifactDetails.maximumCount") == (1, 0)
    assert found.pop("configurationProperties[ArgumentsJSON]")[1] is None
    assert found.pop("settings.executionUrlTemplate") == (
        "https://portal.lab.example/RM/Diagram/Index/{ExternalExecutionId}",
        "https://cloudshell.example/RM/Diagram/Index/{ExternalExecutionId}")
    assert not found
    out, _ = ctl.run("actions", "list")
    assert "configurationProperties[CommandName].required: file: true; " \
        "account: false" in out


def test_what_the_service_fills_in_is_no_difference(sim, ctl):
    """Members that mean the same when they are left out."""
    ctl.run("actions", "install", "run-command")
    own = ctl.shipped("run-command")
    for p in own["configurationProperties"]:
        del p["queryable"]
        if p["type"] == "String":
            del p["type"]
    ctl.define("run-command", own)
    assert ctl.states("run-command")["Quali-Run-Command", "10"]["state"] == \
        "same"
    ctl.run("actions", "install", "run-command")
    assert len(changes(sim)) == 1


def test_versions(sim, make_ctl):
    ctl = make_ctl({"worker.versions": "9 11"})
    sim.settings(codepipeline={"action_types": [
        dict(ctl.shipped("end-sandbox"), version=v) for v in ("8", "9")]})
    _, err = ctl.run("actions", "install", "end-sandbox")
    assert "does not poll for Quali-End-Sandbox 10" in err
    rows = {v: (r["state"], r["polled"]) for (_, v), r in
            ctl.states("end-sandbox").items()}
    assert rows == {"10": ("same", False), "8": ("other", False),
                    "9": ("other", True), "11": ("missing", True)}
    ctl.run("actions", "uninstall", "--version", "9", "--yes", "end-sandbox")
    assert json_of(changes(sim)[-1]) == {
        "category": "Deploy", "provider": "Quali-End-Sandbox", "version": "9"}
    assert ctl.states("end-sandbox")["Quali-End-Sandbox", "10"]["state"] == \
        "same"


def test_a_deleted_version_is_taken_back_only_unchanged(sim, ctl):
    ctl.run("actions", "install", "end-sandbox")
    ctl.run("actions", "uninstall", "--yes", "end-sandbox")
    ctl.run("actions", "install", "end-sandbox")
    first, again = [body_of(n) for n in calls(sim, "CreateCustomActionType")]
    assert first == again
    ctl.run("actions", "uninstall", "--yes", "end-sandbox")
    changed = ctl.shipped("end-sandbox")
    changed["configurationProperties"][0]["required"] = True
    path = ctl.define("end-sandbox", changed)
    _, err = ctl.run("actions", "install", "end-sandbox", status=FAILED)
    assert "ValidationException" in err and 'raise "version"' in err
    ctl.define("end-sandbox", dict(changed, version="11"))
    assert ctl.json("actions", "install", "end-sandbox")["types"][0][
        "file"] == path


def test_all_pages_are_read(sim, ctl):
    own = ctl.shipped("end-sandbox")
    others = [dict(own, provider="Other", version=str(i)) for i in range(45)]
    sim.settings(codepipeline={"action_types": others + [own]})
    row = ctl.states("end-sandbox")["Quali-End-Sandbox", "10"]
    assert [d["member"] for d in row["differences"]] == \
        ["settings.executionUrlTemplate"]
    assert len(calls(sim, "ListActionTypes")) == 3


# --- uninstall asks ---

def test_uninstall_needs_a_terminal_or_yes(sim, ctl):
    ctl.run("actions", "install")
    before = len(sim.requests())
    _, err = ctl.run("actions", "uninstall", status=USAGE)
    assert "--yes" in err and len(sim.requests()) == before


@pytest.mark.parametrize("typed", ["n\n", "\n", "yess\n", "\x04"])
def test_uninstall_takes_no_for_an_answer(sim, ctl, typed):
    ctl.run("actions", "install")
    status, shown = ctl.on_terminal(typed, "actions", "uninstall")
    assert status == FAILED and "nothing was deleted" in shown
    assert "Quali-Run-Command 10" in shown
    assert not calls(sim, "DeleteCustomActionType")


def test_uninstall_takes_yes(sim, ctl):
    ctl.run("actions", "install")
    status, _ = ctl.on_terminal("y\n", "actions", "uninstall")
    assert status == 0
    assert len(calls(sim, "DeleteCustomActionType")) == 3


# --- who uses what is deleted ---

def pipeline(name, *versions, provider="Quali-Run-Command"):
    return {"name": name, "roleArn": "arn:aws:iam::111122223333:role/p",
            "stages": [{"name": "Lab", "actions": [
                {"name": "act-" + v, "actionTypeId": {
                    "category": "Test", "owner": "Custom",
                    "provider": provider, "version": v}}
                for v in versions]}]}


def test_uninstall_says_which_pipelines_use_a_type(sim, ctl):
    ctl.run("actions", "install", "run-command")
    sim.settings(codepipeline={"pipelines_page": 2, "pipelines": [
        pipeline("A", "9"), pipeline("B", "9", "10"),
        pipeline("C", "10", provider="Other"), pipeline("D", "10"),
        pipeline("E", "11")]})
    told = ctl.json("actions", "uninstall", "--yes", "run-command")
    assert [(u["pipeline"], u["stage"], u["action"])
            for u in told["pipelines"]] == [("B", "Lab", "act-10"),
                                            ("D", "Lab", "act-10")]
    assert told["all_pipelines"] is True
    ctl.run("actions", "install", "run-command")
    status, shown = ctl.on_terminal("n\n", "actions", "uninstall",
                                    "run-command")
    assert status == FAILED and shown.index("pipeline B uses "
                                            "Quali-Run-Command 10: stage Lab, "
                                            "action act-10") < \
        shown.index("[y/N]")


def test_no_pipeline_uses_it(sim, ctl):
    ctl.run("actions", "install", "run-command")
    sim.settings(codepipeline={"pipelines": [pipeline("A", "9")]})
    _, err = ctl.run("actions", "uninstall", "--yes", "run-command")
    assert "no pipeline of this region uses them" in err


def test_too_many_pipelines_to_look_into(sim, ctl):
    ctl.run("actions", "install", "run-command")
    sim.settings(codepipeline={"pipelines": [
        pipeline("P%d" % i, "9") for i in range(201)]})
    told = ctl.json("actions", "uninstall", "--yes", "run-command")
    assert told["pipelines"] == [] and told["all_pipelines"] is False
    assert len(calls(sim, "GetPipeline")) == 200


@pytest.mark.parametrize("operation", ["ListPipelines", "GetPipeline"])
def test_may_not_look_into_pipelines(sim, ctl, operation):
    ctl.run("actions", "install", "run-command")
    sim.settings(codepipeline={"pipelines": [pipeline("A", "10")]})
    sim.deny("codepipeline:" + operation)
    out, err = ctl.run("-j", "actions", "uninstall", "--yes", "run-command")
    assert "could not look which pipelines use" in err and operation in err
    assert json.loads(out)["pipelines"] is None
    assert len(calls(sim, "DeleteCustomActionType")) == 1


def test_a_pipeline_that_is_gone_by_now(sim, ctl):
    ctl.run("actions", "install", "run-command")
    sim.settings(codepipeline={"pipelines": [
        pipeline("A", "10"), pipeline("B", "10")]})
    sim.fault("codepipeline", "GetPipeline", "error", {
        "code": "PipelineNotFoundException", "message": "gone",
        "status": 400})
    told = ctl.json("actions", "uninstall", "--yes", "run-command")
    assert [u["pipeline"] for u in told["pipelines"]] == ["B"]


# --- what AWS refuses ---

@pytest.mark.parametrize("operation, command", [
    ("ListActionTypes", ["list"]),
    ("CreateCustomActionType", ["install"]),
    ("DeleteCustomActionType", ["uninstall", "--yes"])])
def test_denied(sim, ctl, operation, command):
    if command[0] == "uninstall":
        ctl.run("actions", "install")
    sim.deny("codepipeline:" + operation)
    _, err = ctl.run("actions", *command, status=DENIED)
    assert "codepipeline:" + operation in err
    assert "qualictl policy --installer" in err
    assert ctl.json("actions", *command, status=DENIED)["error"][
        "kind"] == "PermissionError"


def test_tags_denied(sim, ctl):
    own = ctl.shipped("end-sandbox")
    own["tags"] = [{"key": "team", "value": "lab"}]
    ctl.define("end-sandbox", own)
    sim.deny("codepipeline:TagResource")
    _, err = ctl.run("actions", "install", "end-sandbox", status=DENIED)
    assert "for the tags, codepipeline:TagResource" in err


def test_too_many_types(sim, ctl):
    own = ctl.shipped("end-sandbox")
    sim.settings(codepipeline={"action_types": [
        dict(own, provider="Other", version=str(i)) for i in range(50)]})
    _, err = ctl.run("actions", "install", "run-command", status=FAILED)
    assert "LimitExceededException" in err and "50 custom action types" in err
    assert len(calls(sim, "CreateCustomActionType")) == 1   # no use


@pytest.mark.parametrize("operation, command", [
    ("CreateCustomActionType", ["install"]),
    ("DeleteCustomActionType", ["uninstall", "--yes"])])
def test_a_change_at_the_same_time_is_waited_for(sim, ctl, operation,
                                                  command):
    if command[0] == "uninstall":
        ctl.run("actions", "install")
    sim.fault("codepipeline", operation, "error", {
        "code": "ConcurrentModificationException", "message": "busy",
        "status": 400})
    ctl.run("actions", *command)
    assert len(calls(sim, operation)) == 4


@pytest.mark.parametrize("lost", [1, -1])
@pytest.mark.parametrize("operation, command", [
    ("CreateCustomActionType", ["install"]),
    ("DeleteCustomActionType", ["uninstall", "--yes"])])
def test_lost_answers_do_not_hide_the_change(sim, ctl, operation, command,
                                             lost):
    """Even if AWS refuses to create the same type a second time."""
    if command[0] == "uninstall":
        ctl.run("actions", "install")
    sim.settings(codepipeline={"create_identical": "refused"})
    sim.fault("codepipeline", operation, "close", count=lost)
    rows = ctl.json("actions", *command)["types"]
    assert {r["result"] for r in rows} <= {"created", "deleted"}


def test_what_is_listed_afterwards_counts(sim, ctl):
    """AWS says yes, but the list says otherwise."""
    sim.fault("codepipeline", "CreateCustomActionType", "body", {
        "body": "{}"}, count=-1)
    _, err = ctl.run("actions", "install", "end-sandbox", status=FAILED)
    assert "does not list the type" in err
    sim.clear_faults()
    ctl.run("actions", "install", "end-sandbox")
    sim.fault("codepipeline", "DeleteCustomActionType", "body", {
        "body": ""}, count=-1)
    _, err = ctl.run("actions", "uninstall", "end-sandbox", "--yes",
                     status=FAILED)
    assert "still lists the type" in err
    sim.clear_faults()
    ctl.run("actions", "uninstall", "end-sandbox", "--yes")
    other = ctl.shipped("end-sandbox")
    other.pop("configurationProperties")
    sim.fault("codepipeline", "ListActionTypes", "body", {"body": json.dumps(
        {"actionTypes": [{"id": {
            "owner": "Custom", "category": other["category"],
            "provider": other["provider"], "version": "10"}}]})},
        after=1, count=1)
    _, err = ctl.run("actions", "install", "end-sandbox", status=FAILED)
    assert "another definition than the one that was sent" in err


@pytest.mark.parametrize("fault, param", [
    ("garbage", None), ("wrong-type", None), ("html", None),
    ("huge", {"bytes": 9000000}), ("deep", {"depth": 3000}),
    ("body", {"body": '{"actionTypes": [{}]}'}),
    ("body", {"body": '{"actionTypes": [{"id": {"owner": "Custom"}}]}'}),
    ("redirect", {"location": "http://127.0.0.1:1/"}), ("cut", None),
    ("hang", {"ms": 100}), ("reset", None)])
def test_answers_that_are_none(sim, ctl, fault, param):
    sim.fault("codepipeline", "ListActionTypes", fault, param, count=-1)
    out, err = ctl.run("-j", "actions", "list", status=FAILED)
    told = json.loads(out)
    assert told["types"] == [] and told["error"]["text"]
    assert err.startswith("qualictl: ") and err.count("\n") == 1


def test_a_list_without_end(sim, ctl):
    sim.fault("codepipeline", "ListActionTypes", "body", {
        "body": '{"actionTypes": [], "nextToken": "again"}'}, count=-1)
    _, err = ctl.run("actions", "list", status=FAILED)
    assert "it does not end" in err


@pytest.mark.parametrize("count, whole", [(1, True), (-1, False)])
def test_empty_pages_of_pipelines(sim, ctl, count, whole):
    """An empty page is not the end of the list; a list without end is cut."""
    ctl.run("actions", "install", "run-command")
    sim.settings(codepipeline={"pipelines": [pipeline("A", "9"),
                                             pipeline("B", "10")]})
    sim.fault("codepipeline", "ListPipelines", "body", {
        "body": '{"pipelines": [], "nextToken": "1"}'}, count=count)
    told = ctl.json("actions", "uninstall", "--yes", "run-command")
    assert [u["pipeline"] for u in told["pipelines"]] == ["B"] * whole
    assert told["all_pipelines"] is whole


# --- Debian's aws-cli ---

def listed(ctl):
    told = json.loads(ctl.aws("list-action-types", "--action-owner-filter",
                              "Custom"))
    return {t["id"]["provider"]: t for t in told["actionTypes"]}


def test_aws_cli_sees_and_removes_what_was_installed(ctl):
    ctl.run("actions", "install")
    seen = listed(ctl)
    assert sorted(seen) == sorted(PROVIDERS)
    for name in NAMES:
        own, t = ctl.shipped(name), seen[ctl.shipped(name)["provider"]]
        assert t["actionConfigurationProperties"] == \
            own["configurationProperties"]
        assert t["inputArtifactDetails"] == own["inputArtifactDetails"]
    for t in seen.values():
        ctl.aws("delete-custom-action-type", "--category",
                t["id"]["category"], "--provider", t["id"]["provider"],
                "--action-version", "10")
    assert {r["state"] for r in ctl.states().values()} == {"missing"}


def test_what_aws_cli_registers_is_the_same(ctl):
    for name in NAMES:
        shown, _ = ctl.run("actions", "show", name)
        ctl.aws("create-custom-action-type", "--cli-input-json", shown)
    rows = ctl.json("actions", "install")["types"]
    assert [r["result"] for r in rows] == ["already there"] * 3
    ctl.run("actions", "uninstall", "--yes")
    assert not listed(ctl)


# --- show and validate ---

def unquote(text):
    """A quoted text of HCL, without expressions in it."""
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', text), text
    assert not re.search(r"(?<![$])\$\{|(?<![%])%\{", text), text
    plain = re.sub(r"\\(.)", r"\1", text[1:-1])
    return plain.replace("$${", "${").replace("%%{", "%{")


def parse_hcl(text):
    """[(labels, {argument: value}, [(name, {argument: value})])] of a file of
    resources with blocks one deep."""
    resources, stack = [], []
    for line in text.splitlines():
        word = line.strip()
        if not word:
            continue
        resource = re.fullmatch(r'resource "(\w+)" "([a-z_]\w*)" \{', word)
        block = re.fullmatch(r"(\w+) (?:= )?\{", word)
        if resource:
            assert not stack
            stack = [(resource.groups(), {}, [])]
            resources.append(stack[0])
        elif block:
            assert len(stack) == 1
            stack.append((block.group(1), {}))
            stack[0][2].append(stack[1])
        elif word == "}":
            stack.pop()
        else:
            name, value = re.fullmatch(r'("[^"]*"|\w+)\s+= (.*)',
                                       word).groups()
            assert name not in stack[-1][1]
            stack[-1][1][name] = unquote(value) if value[0] == '"' else \
                json.loads(value)
    assert not stack
    return resources


def snake(name):
    return re.sub(r"[A-Z]", lambda m: "_" + m.group(0).lower(), name)


def test_show_terraform(ctl):
    own = ctl.shipped("run-command")
    own["configurationProperties"][0]["description"] = \
        'a ${var} %{if} $ { "q" \\ \u00e4 $${'
    own["tags"] = [{"key": "a b", "value": "${x}"}]
    ctl.define("run-command", own)
    text, _ = ctl.run("actions", "show", "--format", "terraform")
    shown = {r[1]["provider_name"]: r for r in parse_hcl(text)}
    assert sorted(shown) == sorted(PROVIDERS)
    assert len({r[0][1] for r in shown.values()}) == 3
    labels, arguments, blocks = shown["Quali-Run-Command"]
    assert labels[0] == "aws_codepipeline_custom_action_type"
    assert arguments == {"category": "Test", "version": "10",
                         "provider_name": "Quali-Run-Command"}
    assert [b for n, b in blocks if n == "configuration_property"] == \
        own["configurationProperties"]
    told = {n: b for n, b in blocks if n != "configuration_property"}
    assert told == {
        "settings": {"execution_url_template": "https://portal.lab.example/"
                     "RM/Diagram/Index/{ExternalExecutionId}"},
        "input_artifact_details": {"minimum_count": 1, "maximum_count": 1},
        "output_artifact_details": {"minimum_count": 0, "maximum_count": 1},
        "tags": {'"a b"': "${x}"}}


def capital(value):
    if isinstance(value, dict):
        return {k[0].upper() + k[1:]: capital(v) for k, v in value.items()}
    if isinstance(value, list):
        return [capital(v) for v in value]
    return value


def test_show_cloudformation(ctl):
    template = json.loads(ctl.run("actions", "show", "--format",
                                  "cloudformation")[0])
    assert template["AWSTemplateFormatVersion"] == "2010-09-09"
    assert len(template["Resources"]) == 3
    sent = [json.loads(line) for line in ctl.run(
        "actions", "install", "--dry-run")[0].splitlines()]
    for (name, r), input_ in zip(template["Resources"].items(), sent):
        assert re.fullmatch("[A-Za-z0-9]+", name)
        assert r["Type"] == "AWS::CodePipeline::CustomActionType"
        assert r["Properties"] == capital(input_)


def test_show_says_what_is_sent(ctl):
    shown, _ = ctl.run("actions", "show", "end-sandbox")
    sent, _ = ctl.run("actions", "install", "--dry-run", "end-sandbox")
    assert json.loads(shown) == json.loads(sent)
    _, err = ctl.run("actions", "show", "--format", "yaml", status=USAGE)
    assert "cloudformation" in err


def test_validate(ctl):
    out, _ = ctl.run("actions", "validate")
    assert out.count(": good\n") == 3
    path = ctl.define("run-command", dict(
        ctl.shipped("run-command"), owner="Custom\x1b[31m"))
    told = ctl.json("actions", "validate", status=FAILED)
    assert [f["valid"] for f in told["files"]] == [True, False, True]
    assert told["files"][1]["fault"] == \
        path + ": owner: CodePipeline has no such member"
    ctl.define("run-command", dict(ctl.shipped("run-command"), **{
        "a\x1b[31m": 1}))
    _, err = ctl.run("actions", "validate", path, status=FAILED)
    assert "\x1b" not in err
    bare = os.path.join(ctl.folder, "bare")
    os.rename(path, bare)
    _, err = ctl.run("actions", "validate", "bare", status=FAILED,
                     cwd=ctl.folder)
    assert err.startswith("qualictl: bare: a") and "no such member" in err
    told = ctl.json("actions", "validate", "run-comand", status=USAGE)
    assert told["files"] == [] and "no such action or file" in \
        told["error"]["text"]
    _, err = ctl.run("actions", "validate", "/x\x1b[31m.json", status=FAILED)
    assert err == "qualictl: /x\\x1b[31m.json: No such file or directory\n"
    os.rename(bare, path)
    for command in (["list"], ["install"], ["show"], ["install",
                                                      "--dry-run"]):
        out, err = ctl.run("-j", "actions", *command, status=FAILED)
        assert "no such member" in err
        told = json.loads(out)
        assert told["types"] == [] and told["error"]["kind"] == \
            "ConfigurationError"


# --- who calls ---

def test_nobody_has_credentials(make_ctl):
    ctl = make_ctl(env={"AWS_ACCESS_KEY_ID": None,
                        "AWS_SECRET_ACCESS_KEY": None})
    _, err = ctl.run("actions", "list", status=FAILED)
    assert "no credentials" in err


def test_the_workers_credentials_serve_who_has_none(sim, make_ctl):
    """And the output says so; somebody's own ones come first."""
    ctl = make_ctl(env={"AWS_ACCESS_KEY_ID": None,
                        "AWS_SECRET_ACCESS_KEY": None})
    path = os.path.join(ctl.folder, "worker-credentials")
    with open(path, "w", encoding="utf-8") as f:
        f.write("[default]\naws_access_key_id = AKIASIMWORKER\n"
                "aws_secret_access_key = sim-worker-secret\n")
    ctl.write_conf({"aws.credentials_file": path})
    _, err = ctl.run("actions", "list")
    assert "these are the worker's" in err
    os.mkdir(os.path.join(ctl.folder, ".aws"))
    with open(os.path.join(ctl.folder, ".aws", "credentials"), "w",
              encoding="utf-8") as f:
        f.write("[default]\naws_access_key_id = AKIAOTHER\n")
    _, err = ctl.run("actions", "list", status=FAILED)
    assert "these are the worker's" not in err and len(
        calls(sim, "ListActionTypes")) == 1


def test_profile_and_region(sim, make_ctl):
    ctl = make_ctl({"aws.region": None},
                   env={"AWS_ACCESS_KEY_ID": None,
                        "AWS_SECRET_ACCESS_KEY": None})
    os.mkdir(os.path.join(ctl.folder, ".aws"))
    with open(os.path.join(ctl.folder, ".aws", "credentials"), "w",
              encoding="utf-8") as f:
        f.write("[admin]\naws_access_key_id = AKIASIMWORKER\n"
                "aws_secret_access_key = sim-worker-secret\n")
    _, err = ctl.run("actions", "list", "--profile", "admin", status=FAILED)
    assert "no AWS region" in err and not sim.requests()
    told = ctl.json("actions", "list", "--profile", "admin", "--region",
                    "us-east-2")
    assert told["region"] == "us-east-2"
    _, err = ctl.run("--profile", "nobody", "actions", "list", status=FAILED)
    assert "nobody" in err


# --- JSON ---

def shape(value):
    """What a reader may rely on: members of objects, and of lists' entries."""
    if isinstance(value, dict):
        return {k: shape(v) if k in ("types", "files") else
                isinstance(v, list) for k, v in value.items()}
    return sorted({json.dumps(shape(v), sort_keys=True) for v in value})


@pytest.mark.parametrize("command", [
    ["list"], ["install"], ["install", "--dry-run"], ["show"],
    ["uninstall", "--yes"], ["uninstall", "--yes", "--version", "9"]])
def test_json_has_one_shape(sim, ctl, command):
    """Before anything is registered, when all is, when something differs, and
    when AWS denies it."""
    seen = [ctl.json("actions", *command)]
    ctl.run("actions", "install")
    seen.append(ctl.json("actions", *command))
    registered(sim, ctl, configurationProperties=[])
    out, _ = ctl.run("-j", "actions", *command, status=FAILED
                     if command == ["install"] else 0)
    seen.append(json.loads(out))
    sim.deny("codepipeline:ListActionTypes")
    out, _ = ctl.run("-j", "actions", *command, status=0 if
                     "--dry-run" in command or command == ["show"]
                     else DENIED)
    seen.append(json.loads(out))
    for told in seen:
        told.pop("pipelines", None)     # null if it could not look
    tops = {tuple(sorted(told)) for told in seen}
    rows = {row for told in seen for row in shape(told["types"])}
    assert len(tops) == 1 and len(rows) == 1, (tops, rows)


# --- the command line ---

def test_help_and_usage(ctl):
    out, _ = ctl.run("help", conf=False)
    commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  ", out, re.M)
    assert "actions install" in commands and "policy" in commands
    for command in commands:
        shown, _ = ctl.run("help", *command.split(), conf=False)
        assert shown.startswith("usage: qualictl")
        assert shown == ctl.run(*command.split(), "--help", conf=False)[0]
        assert max(map(len, shown.splitlines())) <= 80, shown
    out, _ = ctl.run("--version", conf=False)
    assert re.fullmatch(r"qualictl \d+\.\d+\.\d+\n", out)
    for args, words in [
            ([], "which command"), (["actions"], "actions: which command"),
            (["action", "list"], "did you mean actions?"),
            (["actions", "instal"], "did you mean install?"),
            (["policy", "--instaler"], "--instaler: no such option"),
            (["policy", "--account"], "--account: an argument is missing"),
            (["policy", "--region"], "--region: an argument is missing"),
            (["-x", "policy"], "-x: no such option")]:
        out, err = ctl.run(*args, conf=False, status=USAGE)
        assert words in err and not out, (args, err)
    for command in (["list"], ["install"], ["install", "--dry-run"], ["show"],
                    ["uninstall", "--yes"]):
        _, err = ctl.run("actions", *command, "start-sandbx", status=USAGE)
        assert "did you mean start-sandbox?" in err
    for version in ("", "8 9", "1.0", "1234567890"):
        _, err = ctl.run("actions", "uninstall", "--yes", "--version",
                         version, status=USAGE)
        assert err.startswith("qualictl: --version: one version")
    assert not ctl.sim.requests()


def test_global_options_stand_anywhere(ctl):
    first, _ = ctl.run("-j", "actions", "show", "end-sandbox")
    for args in (["actions", "show", "-j", "end-sandbox"],
                 ["actions", "show", "end-sandbox", "--json"]):
        assert ctl.run(*args)[0] == first
    assert ctl.run("actions", "show", "end-sandbox", "-jf", ctl.conf,
                   conf=False)[0] == first


def complete(ctl, *words):
    """What bash offers for the last word."""
    script = os.path.join(ctl.src, "src", "ctl", "qualictl.bash")
    done = subprocess.run(
        ["/bin/bash", "-c", '. "$0"; COMP_WORDS=("$@"); '
         'COMP_CWORD=$(($# - 1)); _qualictl; '
         'printf "%s\\n" "${COMPREPLY[@]}"', script, "qualictl", *words],
        env=dict(ctl.env, PATH="%s:/usr/bin:/bin" % ctl.build),
        capture_output=True, text=True, check=True, timeout=60,
        cwd=ctl.folder)
    assert done.stderr == ""
    return sorted(done.stdout.split())


def test_completion(ctl):
    out, _ = ctl.run("help", conf=False)
    commands = re.findall(r"^  ([a-z]+)(?: ([a-z]+))?  ", out, re.M)
    assert complete(ctl, "") == sorted({c for c, _ in commands} | {"help"})
    for group in {c for c, second in commands if second}:
        assert complete(ctl, group, "") == sorted(
            s for c, s in commands if c == group)
    for words in commands:
        shown, _ = ctl.run("help", *filter(None, words), conf=False)
        options = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", shown, re.M))
        assert complete(ctl, *filter(None, words), "--") == sorted(options)
    assert complete(ctl, "actions", "-j", "inst") == ["install"]
    assert complete(ctl, "-f", ctl.conf, "pol") == ["policy"]
    assert complete(ctl, "actions", "show", "ru") == ["run-command"]
    assert complete(ctl, "actions", "show", "--format", "t") == ["terraform"]
    assert complete(ctl, "-f", "wor") == ["worker.conf"]
    os.mkdir(os.path.join(ctl.folder, ".aws"))
    for name, text in (("config", "[default]\n[profile one]\n"),
                       ("credentials", "[two]\n")):
        with open(os.path.join(ctl.folder, ".aws", name), "w",
                  encoding="utf-8") as f:
            f.write(text)
    assert complete(ctl, "--profile", "") == ["default", "one", "two"]


def test_faults_of_the_settings(ctl):
    ctl.write_conf({"aws.regoin": "x"})
    _, err = ctl.run("actions", "show", status=FAILED)
    assert "did you mean region?" in err
    for command in (["list"], ["install"], ["uninstall", "--yes"], ["show"],
                    ["validate"]):
        told = ctl.json("actions", *command, status=FAILED)
        ctl.write_conf({})
        right, _ = ctl.run("-j", "actions", *command)
        assert set(told) == set(json.loads(right))
        assert told["error"]["kind"] == "ConfigurationError"
        ctl.write_conf({"aws.regoin": "x"})
    ctl.conf += ".absent"
    _, err = ctl.run("actions", "show", status=FAILED)
    assert "No such file" in err
