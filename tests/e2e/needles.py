"""Forms of a secret, and the search for them."""
import base64
import html
import json
import re
import urllib.parse

# What no escape changes in the middle of a test's secret.
CANARY = re.compile("Kxq[A-Za-z]+[0-9]+")


def base64_forms(secret):
    """At each of the three alignments, without what its neighbours change."""
    for offset in range(3):
        encode = base64.b64encode(b"\0" * offset + secret)
        head = (offset * 8 + 5) // 6
        rest = (offset + len(secret)) % 3
        text = encode[head:len(encode.rstrip(b"=")) - (1 if rest else 0)]
        yield text
        yield text.translate(bytes.maketrans(b"+/", b"-_"))


def forms(secret):
    """All forms that a secret may take, as bytes."""
    plain = secret.encode()
    parts = {plain, plain.hex().encode(), plain.hex().upper().encode(),
             secret.encode("utf-16-le"), html.escape(secret).encode()}
    middle = CANARY.search(secret)
    if middle:
        parts.add(middle.group().encode())
        parts.update(base64_forms(middle.group().encode()))
    parts.update(base64_forms(plain))
    for safe in ("", "/"):
        quoted = urllib.parse.quote(secret, safe=safe)
        parts.update((quoted.encode(), quoted.replace("%20", "+").encode(),
                      re.sub("%..", lambda m: m.group().lower(),
                             quoted).encode()))
    for ascii_only in (True, False):
        escaped = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        parts.update((escaped.encode(), escaped.replace("/", "\\/").encode(),
                      json.dumps(escaped)[1:-1].encode()))
    return {p for p in parts if len(p) >= 8}


def plain_forms(secret):
    """The secret as it is, and as JSON writes it."""
    middle = CANARY.search(secret)
    return {middle.group().encode() if middle else secret.encode(),
            json.dumps(secret)[1:-1].encode()}


class Needles:
    """name -> secret, and the search for all of them."""

    def __init__(self, secrets, form_of=forms):
        self.forms = [(name, form) for name, secret in secrets.items()
                      for form in sorted(form_of(secret))]
        self.longest = max(len(form) for _, form in self.forms)

    def found(self, data, but=()):
        """Names of those in the data, also across lines and chunks."""
        joined = re.sub(rb"\r|\n|\\n|\\r", b"", data)
        return {name for name, form in self.forms
                if name not in but and (form in data or form in joined)}
