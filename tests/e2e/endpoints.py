"""Plays the local services that hand out AWS credentials, a container's
endpoint and EC2's metadata service, with any fault that a test asks for."""
import collections
import datetime
import http.server
import json
import socket
import socketserver
import ssl
import struct
import threading

SECRET = "fakeSecretAccessKey/Canary1"
TOKEN = "fakeSessionToken/Canary2"
AUTHORIZATION = "fakeAuthorization-Canary3"
ROLE = "web+server=1,2.3@x-y_z"
REGION = "eu-west-3"


def when(seconds):
    """A time so far from now, as AWS writes it."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
        seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def keys(name, **change):
    """An answer with credentials; None leaves a member out."""
    found = {"AccessKeyId": "ASIA" + name, "SecretAccessKey": SECRET,
             "Token": TOKEN, "Expiration": when(3600)}
    found.update(change)
    return json.dumps({k: v for k, v in found.items() if v is not None})


# --- what a service may do instead of answering ---

def hang(handler):
    handler.server.ending.wait()


def hang_up(handler):
    """Close without an answer."""
    handler.close_connection = True


def reset(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
    handler.connection.close()


def trickle(handler):
    """A byte now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    while not handler.server.ending.wait(0.2):
        handler.wfile.write(b" ")


def endless(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                        b"\r\n\r\n")
    while not handler.server.ending.is_set():
        handler.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def endless_header(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.ending.is_set():
        handler.wfile.write(b"X-Long: " + b"x" * 4096 + b"\r\n")


def cut(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"A")
    handler.close_connection = True


def not_http(handler):
    handler.wfile.write(b"\0\1\2 no HTTP \xff\r\n\r\n")
    handler.close_connection = True


# --- the services ---

Request = collections.namedtuple("Request", "command path headers")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(Request(self.command, self.path,
                                            self.headers))
        reply = self.server.respond(self)
        try:
            if callable(reply):
                reply(self)
                self.close_connection = True
                return
            status, body, headers = (*reply, {})[:3]
            body = body if isinstance(body, bytes) else body.encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    do_GET = do_PUT = do_POST = serve

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def __init__(self, respond, host="127.0.0.1", port=0, tls=None):
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)
        self.respond, self.requests = respond, []
        self.ending = threading.Event()
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls + "/server.pem", tls + "/server.key")
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = "http%s://%s:%d" % (
            "s" if tls else "", "[%s]" % host if ":" in host else host,
            self.server_address[1])
        self.thread = threading.Thread(target=self.serve_forever,
                                       kwargs={"poll_interval": 0.02})
        self.thread.start()

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)    # without a name look-up
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, *_):
        pass

    def close(self):
        self.ending.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Plan:
    """What to answer: for each kind of request one reply for ever, or a list
    of replies that come first."""

    def __init__(self, replies):
        self.replies = {k: list(v) if isinstance(v, list) else v
                        for k, v in replies.items()}

    def next(self, kind, usual):
        planned = self.replies.get(kind)
        if isinstance(planned, list):
            return planned.pop(0) if planned else usual
        return usual if planned is None else planned


class Container(Plan):
    """replies: {"keys": ...}; authorization: what it demands."""

    def __init__(self, authorization=None, **replies):
        super().__init__(replies)
        self.authorization = authorization

    def __call__(self, request):
        if request.headers.get("Authorization") != self.authorization:
            return self.next("denied", (403, json.dumps(
                {"code": "AccessDenied", "message": "wrong token"})))
        return self.next("keys", (200, keys("CONTAINER", RoleArn=(
            "arn:aws:iam::111122223333:role/task"))))


class Metadata(Plan):
    """EC2's service, version 2. replies: {"token", "roles", "keys",
    "region": ...}; without tokens it is version 1."""
    IAM = "/latest/meta-data/iam/security-credentials/"

    def __init__(self, prefix="", tokens=True, **replies):
        super().__init__(replies)
        self.prefix, self.tokens, self.given = prefix, tokens, set()

    def token(self, request):
        ttl = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if not self.tokens:
            return 404, "no such thing"
        if not ttl.isdigit() or not 1 <= int(ttl) <= 21600:
            return 400, "bad ttl"
        self.given.add("token-%d==" % len(self.given))
        return 200, "token-%d==" % (len(self.given) - 1)

    def __call__(self, request):
        path = request.path[len(self.prefix):]
        if not request.path.startswith(self.prefix):
            return 404, "outside"
        if (request.command, path) == ("PUT", "/latest/api/token"):
            return self.next("token", self.token(request))
        if self.tokens and request.headers.get(
                "x-aws-ec2-metadata-token") not in self.given:
            return 401, "no token"
        kind, usual = {
            self.IAM: ("roles", (200, ROLE)),
            self.IAM + ROLE: ("keys", (200, keys(
                "EC2", Code="Success", Type="AWS-HMAC",
                LastUpdated=when(-60)))),
            "/latest/meta-data/placement/region": ("region", (200, REGION)),
        }.get(path, ("other", (404, "not here")))
        return self.next(kind, usual)
