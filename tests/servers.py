"""A web server on this machine that plays the internet, faults included."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Behaviour = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    """One request. What it does is in the server's `behaviours`, by path."""

    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer as the path's behaviour says."""
        path = self.path
        if path.startswith("http://"):  # asked as a proxy
            self.server.proxied.append(path)
            path = "/" + path.split("/", 3)[3]
        self.server.requests.append((path, self.headers.get("Range")))
        behaviour = self.server.behaviours.get(path)
        self.close_connection = True
        if behaviour is None:
            self.send_error(404)
            return
        with suppress(ConnectionError):
            behaviour(self, self.server.content.get(path, b""))

    def log_message(self, *_: object) -> None:
        """Silence."""

    def range_start(self, etag: str | None) -> int:
        """Where the asked part starts; 0 if all is asked for, or If-Range names other content."""
        asked = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        return int(asked[1]) if asked and (condition is None or condition == etag) else 0

    def head(self, status: int, length: int | None, **headers: str) -> None:
        """Status line and headers."""
        self.send_response(status)
        self.send_header("Connection", "close")
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    """`behaviours` and `content` by path; `requests` is what was asked: (path, Range header)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours: dict[str, Behaviour] = {}
        self.content: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.proxied: list[str] = []

    @property
    def address(self) -> str:
        """http://127.0.0.1:PORT"""
        return f"http://127.0.0.1:{self.server_port}"

    def offer(self, path: str, content: bytes, behaviour: Behaviour | None = None) -> str:
        """Serve `content` at `path`; returns its address."""
        self.content[path] = content
        self.behaviours[path] = behaviour or well
        return self.address + path


@contextmanager
def serving() -> Iterator[Server]:
    """A running server."""
    server = Server()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def well(handler: Handler, content: bytes, etag: str = '"one"') -> None:
    """As a good server does: ranges, a strong ETag."""
    start = handler.range_start(etag)
    if start >= len(content) and start:
        handler.head(416, 0, Content_Range=f"bytes */{len(content)}")
        return
    if start:
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.head(206, len(content) - start, ETag=etag, Content_Range=span)
    else:
        handler.head(200, len(content), ETag=etag)
    handler.wfile.write(content[start:])


def without_ranges(handler: Handler, content: bytes) -> None:
    """An old server: always everything."""
    handler.head(200, len(content))
    handler.wfile.write(content)


def first(n: int, then: Behaviour) -> Callable[[Behaviour], Behaviour]:
    """`fault` for the first n requests, `then` afterwards."""

    def wrap(fault: Behaviour) -> Behaviour:
        left = [n]

        def behave(handler: Handler, content: bytes) -> None:
            left[0] -= 1
            (fault if left[0] >= 0 else then)(handler, content)

        return behave

    return wrap


def gone_after(n: int) -> Behaviour:
    """The connection ends after n bytes of the body."""

    def behave(handler: Handler, content: bytes) -> None:
        start = handler.range_start('"one"')
        if start:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            handler.head(206, len(content) - start, ETag='"one"', Content_Range=span)
        else:
            handler.head(200, len(content), ETag='"one"')
        handler.wfile.write(content[start : start + n])
        handler.wfile.flush()

    return behave


def status(code: int, **headers: str) -> Behaviour:
    """Nothing but this HTTP status."""
    return lambda handler, content: handler.head(code, 0, **headers)


def redirect(to: str) -> Behaviour:
    """Go there instead."""
    return lambda handler, content: handler.head(302, 0, Location=to)


def dripping(rate: float, quick: int = 0) -> Behaviour:
    """`quick` bytes at once, then `rate` bytes a second, one at a time."""

    def behave(handler: Handler, content: bytes) -> None:
        start = handler.range_start('"one"')
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        extra = {"Content_Range": span} if start else {}
        handler.head(206 if start else 200, len(content) - start, ETag='"one"', **extra)
        begin = start or quick
        handler.wfile.write(content[start:begin])
        for i in range(begin, len(content)):
            handler.wfile.write(content[i : i + 1])
            handler.wfile.flush()
            time.sleep(1 / rate)

    return behave


def silent(handler: Handler, content: bytes) -> None:
    """Headers, then nothing."""
    handler.head(200, len(content), ETag='"one"')
    handler.wfile.flush()
    time.sleep(3)


def chunked(handler: Handler, content: bytes) -> None:
    """A body of unknown length, in chunks."""
    handler.head(200, None, Transfer_Encoding="chunked")
    for start in range(0, len(content), 1000):
        part = content[start : start + 1000]
        handler.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


def labelled_gzip(handler: Handler, content: bytes) -> None:
    """A .tar.gz that the server wrongly calls a gzip-encoded tar."""
    handler.head(200, len(content), Content_Encoding="gzip")
    handler.wfile.write(content)
