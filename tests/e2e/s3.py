"""A bucket in a server that speaks as much of S3 as an upload needs. It verifies each signature anew
with botocore, whose code has nothing in common with libcurl's."""

import hashlib
import http.server
import re
import threading
import urllib.parse

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY_ID, SECRET, REGION, BUCKET = "AKIAEXAMPLE", "sword/fish+=", "eu-central-1", "leaks"


class Refusal(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class Bucket:
    """.objects: what was stored, by key; .puts: (key, status) of all requests in their order."""

    def __init__(self, token=None):
        self.token = token
        self.objects = {}
        self.types = {}
        self.puts = []
        self.failures = []  # statuses that the next requests get, whatever they say
        self.hold = None    # (key's end, Event): such requests wait before they are answered
        self.held = threading.Event()  # one waits
        self.deaf = None    # an Event: until then no body is read
        self.server = None

    def start(self, port=0):
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                bucket.answer(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    @property
    def port(self):
        return self.server.server_address[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    def statuses(self):
        return [status for _, status in self.puts]

    # ---- one request ----

    def answer(self, request):
        if self.deaf:
            self.deaf.wait()
        body = request.rfile.read(int(request.headers["Content-Length"]))
        key = urllib.parse.unquote(request.path).removeprefix(f"/{BUCKET}/")
        status, reply = 200, b""
        try:
            self.wait_if_held(key)
            self.judge(request, body)
            self.objects[key] = body
            self.types[key] = request.headers["Content-Type"]
        except Refusal as refusal:
            status = refusal.status
            reply = f"<?xml version='1.0'?><Error><Code>{refusal.code}</Code></Error>".encode()
        self.puts.append((key, status))
        request.send_response(status)
        if status == 301:
            request.send_header("x-amz-bucket-region", REGION)
        request.send_header("Content-Length", str(len(reply)))
        request.end_headers()
        request.wfile.write(reply)

    def wait_if_held(self, key):
        if self.hold and key.endswith(self.hold[0]):
            self.held.set()
            self.hold[1].wait()

    def judge(self, request, body):
        if self.failures:
            raise Refusal(self.failures.pop(0), "SlowDown")
        if not request.path.startswith(f"/{BUCKET}/"):
            raise Refusal(404, "NoSuchBucket")
        if request.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            raise Refusal(400, "XAmzContentSHA256Mismatch")
        if request.headers.get("x-amz-security-token") != self.token:
            raise Refusal(403, "InvalidToken")
        if not self.is_signed(request):
            raise Refusal(403, "SignatureDoesNotMatch")

    def is_signed(self, request):
        said = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
            r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})", request.headers["Authorization"])
        assert said, request.headers["Authorization"]
        key_id, day, region, names, signature = said.groups()
        signed = {name: request.headers[name] for name in names.split(";")}
        needed = {"host", "x-amz-date", "x-amz-content-sha256"}
        if self.token:
            needed.add("x-amz-security-token")
        assert needed <= signed.keys(), names
        if (key_id, region) != (KEY_ID, REGION) or not signed["x-amz-date"].startswith(day):
            return False
        again = AWSRequest("PUT", f"http://{signed['host']}{request.path}", headers=signed)
        again.context["timestamp"] = signed["x-amz-date"]
        signer = S3SigV4Auth(Credentials(KEY_ID, SECRET), "s3", REGION)
        return signature == signer.signature(
            signer.string_to_sign(again, signer.canonical_request(again)), again)
