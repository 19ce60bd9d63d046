"""Requests as bytes, for what no SDK would send."""

import socket
import time


def authorization(account, service, region="us-east-1"):
    return (f"AWS4-HMAC-SHA256 Credential={account}/20260105/{region}/{service}/aws4_request, "
            f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}")


def request(body=b"", headers=None, method="POST", path="/", length=True):
    if isinstance(body, str):
        body = body.encode()
    lines = [f"{method} {path} HTTP/1.1"]
    given = {"host": "127.0.0.1", **(headers or {})}
    if length and not any(name.lower() in ("content-length", "transfer-encoding") for name in given):
        given["content-length"] = str(len(body))
    lines += [f"{name}: {value}" for name, value in given.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def query(account, service, body, region="us-east-1", **headers):
    return request(body, {
        "authorization": authorization(account, service, region),
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        **headers,
    })


def ec2(account, action, parameters="", region="us-east-1", **headers):
    return query(account, "ec2", f"Action={action}&Version=2016-11-15{parameters}", region, **headers)


def target(account, service, name, body, region="us-east-1", **headers):
    return request(body, {
        "authorization": authorization(account, service, region),
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": name,
        **headers,
    })


class Reply:
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body
        self.text = body.decode(errors="replace")
        self.headers = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            self.headers[name.decode().lower()] = value.strip().decode()

    def __repr__(self):
        return f"{self.status} {self.text[:400]}"


class Closed(Exception):
    """The server closed the connection instead of answering."""


class Connection:
    def __init__(self, server, timeout=20):
        self.socket = socket.create_connection((server.host, server.port), timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass    # it may have answered before it read everything

    def _more(self):
        try:
            got = self.socket.recv(1 << 16)
        except ConnectionResetError:
            got = b""
        if not got:
            raise Closed
        self.buffer += got

    def receive(self):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        status = int(head.split(b" ", 2)[1])
        if 100 <= status < 200:
            return Reply(status, head, b"")
        reply = Reply(status, head, b"")
        if reply.headers.get("transfer-encoding") == "chunked":
            return Reply(status, head, self._chunks())
        length = int(reply.headers.get("content-length", 0))
        while len(self.buffer) < length:
            self._more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Reply(status, head, body)

    def _chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                self._more()
            size, self.buffer = self.buffer.split(b"\r\n", 1)
            size = int(size, 16)
            while len(self.buffer) < size + 2:
                self._more()
            body += self.buffer[:size]
            self.buffer = self.buffer[size + 2:]
            if size == 0:
                return body

    def call(self, data):
        self.send(data)
        return self.receive()


def call(server, data, timeout=20):
    """One request on a connection of its own; the reply, or None if the server just closed."""
    with Connection(server, timeout) as connection:
        try:
            return connection.call(data)
        except Closed:
            return None


def timed(function):
    begin = time.monotonic()
    return function(), time.monotonic() - begin
