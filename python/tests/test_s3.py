"""A bill on S3, from a server on this machine: the same answers as from disk, and an end to waiting."""

import signal
import threading
import urllib.parse
from collections.abc import Iterator
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import farthing as ft


class Server(ThreadingHTTPServer):
    """As much of S3 as is asked for: one listing, HEAD and GET. Signatures are not looked at."""

    daemon_threads = True
    bucket = "farthing-bills"

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects, self.asked = objects, threading.Event()
        self.hanging = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(b"", {"x-amz-bucket-region": "us-east-1"})

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        key = urllib.parse.unquote(path).removeprefix(f"/{self.server.bucket}").lstrip("/")
        if "list-type=2" in query:
            prefix = dict(urllib.parse.parse_qsl(query)).get("prefix", "")
            self.answer(self.listing(prefix), {"content-type": "application/xml"})
            return
        if self.server.hanging and key.endswith(".parquet"):
            self.server.asked.set()
            threading.Event().wait(60)
        body = self.server.objects[key]
        self.answer(body, {"etag": f'"{md5(body).hexdigest()}"'})

    def listing(self, prefix: str) -> bytes:
        contents = (
            f"<Contents><Key>{urllib.parse.quote(key)}</Key><Size>{len(body)}</Size>"
            f"<LastModified>2026-11-02T00:00:00.000Z</LastModified><ETag>{md5(body).hexdigest()}</ETag></Contents>"
            for key, body in sorted(self.server.objects.items())
            if key.startswith(prefix)
        )
        return (
            "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
            + "".join(contents)
            + "</ListBucketResult>"
        ).encode()

    def answer(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    files = (file for file in folder.rglob("*") if file.is_file())
    objects = {f"prefix/{file.relative_to(folder).as_posix()}": file.read_bytes() for file in files}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sEcReT")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with Server(objects) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def source(server: Server) -> str:
    return f"s3://{server.bucket}/prefix/farthing-bill"


def test_a_bill_on_s3_gives_the_answers_of_the_same_on_disk(server: Server, bill: ft.Bill, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    remote = ft.open(
        source(server), endpoint_url=server.url, cache=tmp_path, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1][0] == told[-1][1] == remote.inventory["totals"]["bytes"]
    question: dict[str, Any] = {"by": ["ServiceName", "Tags/team"], "granularity": "monthly"}
    assert remote.costs(**question).equals(bill.costs(**question))
    assert {check.id: check.verdict for check in remote.reconcile().checks}["R19"] == "pass"
    assert all(file["file"].startswith("s3://farthing-bills/prefix/") for file in remote.inventory["inputs"])


def test_only_the_wanted_period_is_fetched(server: Server, tmp_path: Path) -> None:
    october = ft.open(
        source(server), periods=["2026-10"], region="us-east-1", endpoint_url=server.url, cache=tmp_path, progress=False
    )
    assert october.inventory["periods"] == ["2026-10"]
    assert len(list((tmp_path / "objects").iterdir())) == len(october.inventory["inputs"]) > 0


def test_a_keyboard_interrupt_ends_the_waiting(server: Server, tmp_path: Path) -> None:
    server.hanging = True
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        server.asked.wait(60)
        signal.pthread_kill(main, signal.SIGINT)

    sender = threading.Thread(target=interrupt)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        ft.open(source(server), endpoint_url=server.url, cache=tmp_path, progress=False)
    sender.join()


def test_errors_on_the_way_to_s3_are_of_their_kind(tmp_path: Path) -> None:
    with pytest.raises(ft.RemoteError, match="plain http is for this machine only"):
        ft.open("s3://bills/cur", endpoint_url="http://example.com", cache=tmp_path)
    with pytest.raises(ft.QueryError, match="the bucket's name is missing"):
        ft.open("s3:///cur", cache=tmp_path)
