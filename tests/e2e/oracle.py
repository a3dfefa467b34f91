"""Judges recorded AWS requests by AWS's own service model and signer.

The input is what quali-sim's GET /requests notes. botocore's parameter
validator skips patterns, enums and maximum lengths, so this module walks the
shapes of service-2.json itself.
"""
import base64
import binascii
import hashlib
import json
import re
import urllib.parse

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/, ]+)/([0-9]{8})/([^/, ]+)/([^/, ]+)/"
    r"aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})")
NEVER_SIGNED = {"user-agent", "expect", "connection", "accept-encoding",
                "transfer-encoding"}
JSON_TYPE = "application/x-amz-json-1.1"
FORM_TYPE = "application/x-www-form-urlencoded"
# The model of botocore 1.29 does not say so; its handlers do.
UNSIGNED = {"AssumeRoleWithWebIdentity"}
# what all SDKs send; botocore adds a ttl to a repeat, and max in its newer modes
INVOCATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ATTEMPT = re.compile(r"(?:ttl=[0-9]{8}T[0-9]{6}Z; )?attempt=([1-9][0-9]*)"
                     r"(?:; max=([1-9][0-9]*))?")


class Faults(list):
    def expect(self, good, text, *args):
        if not good:
            self.append(text % args)
        return good


def load_model(service, version):
    return Loader().load_service_model(service, "service-2", version)


# --- shapes ---

def check_structure(model, shape, value, where, faults):
    if not faults.expect(isinstance(value, dict), "%s is no object", where):
        return
    for name in shape.get("required", ()):
        faults.expect(name in value, "%s.%s is missing", where, name)
    for name, member in value.items():
        if faults.expect(name in shape["members"], "%s.%s is unknown",
                         where, name):
            check_shape(model, shape["members"][name]["shape"], member,
                        "%s.%s" % (where, name), faults)


def check_size(shape, size, where, faults):
    faults.expect(size >= shape.get("min", size), "%s: below %s", where,
                  shape.get("min"))
    faults.expect(size <= shape.get("max", size), "%s: above %s", where,
                  shape.get("max"))


def check_list(model, shape, value, where, faults):
    if faults.expect(isinstance(value, list), "%s is no list", where):
        check_size(shape, len(value), where, faults)
        for i, member in enumerate(value):
            check_shape(model, shape["member"]["shape"], member,
                        "%s[%d]" % (where, i), faults)


def check_map(model, shape, value, where, faults):
    if not faults.expect(isinstance(value, dict), "%s is no map", where):
        return
    check_size(shape, len(value), where, faults)
    for key, member in value.items():
        check_shape(model, shape["key"]["shape"], key, where + " key", faults)
        check_shape(model, shape["value"]["shape"], member,
                    "%s[%s]" % (where, key), faults)


def check_string(_model, shape, value, where, faults):
    if not faults.expect(isinstance(value, str), "%s is no text", where):
        return
    check_size(shape, len(value), where, faults)
    if "pattern" in shape:
        faults.expect(re.fullmatch(shape["pattern"], value),
                      "%s: not of the pattern %s", where, shape["pattern"])
    if "enum" in shape:
        faults.expect(value in shape["enum"], "%s: %r is none of %s", where,
                      value, shape["enum"])


def check_number(_model, shape, value, where, faults):
    kinds = int if shape["type"] in ("integer", "long") else (int, float)
    if faults.expect(isinstance(value, kinds) and
                     not isinstance(value, bool), "%s is no number", where):
        check_size(shape, value, where, faults)


def check_boolean(_model, _shape, value, where, faults):
    faults.expect(isinstance(value, bool), "%s is no boolean", where)


CHECKS = {"structure": check_structure, "list": check_list, "map": check_map,
          "string": check_string, "integer": check_number,
          "long": check_number, "timestamp": check_number,
          "boolean": check_boolean}


def check_shape(model, name, value, where, faults):
    shape = model["shapes"][name]
    CHECKS[shape["type"]](model, shape, value, where, faults)


# --- requests ---

def reject_twice(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name twice")
    return value


class Request:
    """One note, taken apart."""

    def __init__(self, note):
        self.note = note
        self.body = base64.b64decode(note["body"])
        self.cut = note.get("body_cut", False)
        self.headers = {}
        for name, value in note["headers"]:
            self.headers.setdefault(name.lower(), []).append(value)

    def header(self, name):
        return ",".join(self.headers.get(name, [])) or None

    def __str__(self):
        return "request %s %s" % (self.note.get("seq"),
                                  self.note["operation"])


class Oracle:
    """worker: list of (key id, secret, token); job_credentials(job): the
    same, or None where they cannot be known; regions: of single services."""

    def __init__(self, worker, region, tls=False, job_credentials=None,
                 encryption_key=lambda job: None, regions=None):
        self.worker, self.region, self.tls = worker, region, tls
        self.regions = regions or {}
        self.job_credentials = job_credentials
        self.encryption_key = encryption_key
        self.codepipeline = load_model("codepipeline", "2015-07-09")
        self.s3 = load_model("s3", "2006-03-01")
        self.sts = load_model("sts", "2011-06-15")

    def faults(self, note):
        """What is wrong with this request, as texts; [] if nothing."""
        request, faults = Request(note), Faults()
        if note["service"] in ("codepipeline", "s3"):
            self.check_attempt(request, faults)
        if note["service"] == "codepipeline":
            self.check_call(request, faults)
            self.check_signature(request, "codepipeline", faults)
        elif note["service"] == "s3":
            self.check_s3(request, faults)
            self.check_signature(request, "s3", faults)
        elif note["service"] == "sts":
            self.check_query(request, faults)
            if note["operation"] not in UNSIGNED:
                self.check_signature(request, "sts", faults)
            else:
                faults.expect(request.header("authorization") is None,
                              "signed, and needs no signature")
        elif note["service"] == "cloudshell":
            self.check_cloudshell(request, faults)
        elif note["service"] in ("imds", "container"):
            self.check_local(request, note["service"], faults)
        return ["%s: %s" % (request, text) for text in faults]

    # --- the form of a request ---

    @staticmethod
    def check_attempt(request, faults):
        told = ATTEMPT.fullmatch(request.header("amz-sdk-request") or "")
        faults.expect(INVOCATION.fullmatch(
            request.header("amz-sdk-invocation-id") or ""),
                      "amz-sdk-invocation-id %r",
                      request.header("amz-sdk-invocation-id"))
        if faults.expect(told, "amz-sdk-request %r",
                         request.header("amz-sdk-request")) and told[2]:
            faults.expect(int(told[1]) <= int(told[2]),
                          "amz-sdk-request %s", told[0])

    def check_call(self, request, faults):
        note, meta = request.note, self.codepipeline["metadata"]
        target = request.header("x-amz-target") or ""
        prefix, _, operation = target.partition(".")
        faults.expect(note["method"] == "POST", "method %s", note["method"])
        faults.expect(note["target"] == "/", "target %s", note["target"])
        faults.expect(request.header("content-type") == JSON_TYPE,
                      "Content-Type %s", request.header("content-type"))
        faults.expect(prefix == meta["targetPrefix"], "X-Amz-Target %s",
                      target)
        if not faults.expect(operation in self.codepipeline["operations"],
                             "no operation %r", operation) or request.cut:
            return
        try:
            body = json.loads(request.body.decode(),
                              object_pairs_hook=reject_twice)
        except ValueError as e:
            faults.append("body: %s" % e)
            return
        shape = self.codepipeline["operations"][operation]["input"]["shape"]
        check_shape(self.codepipeline, shape, body, operation, faults)
        self.check_rules(operation, body, faults)

    @staticmethod
    def check_rules(operation, body, faults):
        """Check what the model only says in words (aws-contract 1.5 to
        1.8)."""
        if not isinstance(body, dict):
            return
        if operation == "PollForJobs":
            faults.expect((body.get("actionTypeId") or {}).get("owner") ==
                          "Custom", "owner is not Custom")
        if operation == "PutJobSuccessResult":
            faults.expect(not ("continuationToken" in body and
                               "outputVariables" in body),
                          "outputVariables beside a continuationToken")
            variables = body.get("outputVariables") or {}
            faults.expect(sum(len(str(k).encode()) + len(str(v).encode())
                              for k, v in variables.items()) <= 122880,
                          "outputVariables are too large")

    def check_query(self, request, faults):
        """The query protocol: names and values in a form (aws-contract
        5.4)."""
        note, meta = request.note, self.sts["metadata"]
        faults.expect(note["method"] == "POST", "method %s", note["method"])
        faults.expect(note["target"] == "/", "target %s", note["target"])
        faults.expect((request.header("content-type") or "").lower() in
                      (FORM_TYPE, FORM_TYPE + "; charset=utf-8"),
                      "Content-Type %s", request.header("content-type"))
        if request.cut:
            return
        try:
            form = reject_twice(urllib.parse.parse_qsl(
                request.body.decode("ascii"), keep_blank_values=True,
                strict_parsing=True, errors="strict"))
        except ValueError as e:
            faults.append("body: %s" % e)
            return
        operation = form.pop("Action", None)
        faults.expect(form.pop("Version", None) == meta["apiVersion"],
                      "not of the Version %s", meta["apiVersion"])
        if not faults.expect(operation in self.sts["operations"],
                             "no operation %r", operation):
            return
        name = self.sts["operations"][operation]["input"]["shape"]
        members = self.sts["shapes"][name]["members"]
        check_shape(self.sts, name, {
            k: self.typed(members.get(k), v) for k, v in form.items()},
            operation, faults)

    def typed(self, member, text):
        """The value as its shape has it, where a form only has texts."""
        kind = member and self.sts["shapes"][member["shape"]]["type"]
        if kind == "integer" and re.fullmatch("[0-9]+", text):
            return int(text)
        return text

    @staticmethod
    def check_local(request, service, faults):
        """Check what an endpoint on this host gets (aws-contract 5.7,
        5.8)."""
        faults.expect(not request.body, "a body")
        for name in ("x-forwarded-for", "via", "x-amz-date",
                     "x-amz-security-token"):
            faults.expect(name not in request.headers, "header %s", name)
        if service == "container":
            faults.expect(request.note["method"] == "GET", "method %s",
                          request.note["method"])
            faults.expect(request.header("accept") == "application/json",
                          "Accept %s", request.header("accept"))
            return
        faults.expect("authorization" not in request.headers,
                      "header authorization")
        if request.note["method"] == "PUT":
            told = request.header("x-aws-ec2-metadata-token-ttl-seconds")
            faults.expect(re.fullmatch("[0-9]+", told or "") and
                          1 <= int(told) <= 21600, "token's life %r", told)
            faults.expect(request.header("content-length") == "0",
                          "no Content-Length of 0")

    def check_s3(self, request, faults):
        note = request.note
        operation = {"GET": "GetObject", "PUT": "PutObject"}.get(
            note["method"])
        if not faults.expect(operation, "method %s", note["method"]):
            return
        path, _, query = note["target"].partition("?")
        faults.expect(query == "", "query %s", query)
        plain = urllib.parse.unquote_to_bytes(path)
        faults.expect(urllib.parse.quote(plain, safe="/~") == path,
                      "path is not encoded once: %s", path)
        sse = request.header("x-amz-server-side-encryption")
        key = request.header("x-amz-server-side-encryption-aws-kms-key-id")
        if operation == "GetObject":
            faults.expect(sse is None and key is None and not request.body,
                          "encryption header or body with a GET")
            return
        allowed = self.s3["shapes"]["ServerSideEncryption"]["enum"]
        faults.expect(sse in allowed, "encryption %r is none of %s", sse,
                      allowed)
        faults.expect(sse == "aws:kms", "encryption is %r", sse)
        faults.expect(key == self.encryption_key(note["job"]),
                      "encryption key is %r", key)
        faults.expect("transfer-encoding" not in request.headers,
                      "chunked upload")
        faults.expect(request.header("content-length") ==
                      str(note.get("body_bytes", len(request.body))),
                      "Content-Length is not that of the body")
        faults.expect(request.header("x-amz-acl") is None, "an ACL")
        self.check_checksum(request, faults)

    @staticmethod
    def check_checksum(request, faults):
        told = request.header("x-amz-checksum-sha256")
        if told is not None and not request.cut:
            try:
                digest = base64.b64decode(told, validate=True)
            except binascii.Error:
                digest = b""
            faults.expect(digest == hashlib.sha256(request.body).digest(),
                          "x-amz-checksum-sha256 is not that of the body")

    @staticmethod
    def check_cloudshell(request, faults):
        note = request.note
        if note["method"] in ("GET", "DELETE"):
            faults.expect(not request.body, "%s with a body", note["method"])
        if note["operation"] == "Login":
            return
        faults.expect(re.fullmatch(r"Basic \S+",
                                   request.header("authorization") or ""),
                      "no token")
        for name in request.headers:
            faults.expect(not name.startswith("x-amz-"),
                          "header %s to CloudShell", name)

    # --- signatures ---

    def check_signature(self, request, service, faults):
        told = AUTHORIZATION.fullmatch(request.header("authorization") or "")
        if not faults.expect(told, "no Authorization of the form"):
            return
        key, date, region, named, signed, signature = told.groups()
        time = request.header("x-amz-date") or ""
        faults.expect(re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", time) and
                      time[:8] == date, "x-amz-date %r, scope %s", time, date)
        faults.expect(region == self.regions.get(service, self.region) or
                      request.note.get("status") == 301, "region %s", region)
        faults.expect(named == service, "service %s", named)
        signed = signed.split(";")
        self.check_signed(request, signed, service, faults)
        if not self.check_payload(request, service, faults):
            return
        sets = self.credentials(request, service)
        if sets is None:
            return
        wrong = []
        for known in (s for s in sets if s[0] == key):
            wrong.append(Faults())
            self.compare(request, known, (service, region), signed, time,
                         signature, wrong[-1])
        if faults.expect(wrong, "signed with the key of somebody else (%s)",
                         key):
            faults += min(wrong, key=len)   # a key may have several secrets

    def credentials(self, request, service):
        if service in ("codepipeline", "sts"):
            return self.worker
        if self.job_credentials is None:
            return None
        return self.job_credentials(request.note["job"])

    @staticmethod
    def check_signed(request, signed, service, faults):
        must = {"host", "x-amz-date"}
        if service == "s3":
            must.add("x-amz-content-sha256")
        must.update(n for n in request.headers if n.startswith("x-amz-") or
                    n == "content-type")
        faults.expect(must <= set(signed), "not signed: %s",
                      sorted(must - set(signed)))
        faults.expect(signed == sorted(set(signed)),
                      "SignedHeaders out of order")
        faults.expect(not NEVER_SIGNED & set(signed), "signed: %s",
                      sorted(NEVER_SIGNED & set(signed)))
        faults.expect(set(signed) <= set(request.headers),
                      "signed but not sent: %s",
                      sorted(set(signed) - set(request.headers)))

    def check_payload(self, request, service, faults):
        told = request.header("x-amz-content-sha256")
        if told is None:
            faults.expect(service != "s3", "no x-amz-content-sha256")
            return service != "s3" and not request.cut
        if told == "UNSIGNED-PAYLOAD":
            return faults.expect(self.tls and service == "s3",
                                 "UNSIGNED-PAYLOAD")
        return request.cut or faults.expect(
            told == hashlib.sha256(request.body).hexdigest(),
            "x-amz-content-sha256 is not that of the body")

    def compare(self, request, known, scope, signed, time, signature,
                faults):
        """scope: (service, region) for which it says it is signed."""
        faults.expect(request.header("x-amz-security-token") ==
                      (known[2] or None), "security token")
        signer = S3SigV4Auth if scope[0] == "s3" else SigV4Auth
        auth = signer(Credentials(*known), *scope)
        scheme = "https" if self.tls else "http"
        aws = AWSRequest(
            method=request.note["method"], data=request.body,
            url="%s://%s%s" % (scheme, request.header("host"),
                               request.note["target"]))
        for name in signed:
            for value in request.headers.get(name, []):
                aws.headers[name] = value
        aws.context["timestamp"] = time     # what add_auth takes the clock for
        text = auth.string_to_sign(aws, auth.canonical_request(aws))
        faults.expect(auth.signature(text, aws) == signature,
                      "botocore signs otherwise")
