"""Services of others, in small, on loopback: GOV.UK Notify, a giver of tokens, an IMAP server."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@contextmanager
def answering(answer) -> Iterator[str]:
    """Serve what `answer(method, path, headers, body)` gives: a status and something for JSON."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = answer(self.command, self.path, self.headers, body)
            if given is None:
                # Cut off without a word.
                self.close_connection = True
                return
            status, content = given
            written = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def do_GET(self) -> None:
            self.respond()

        def do_POST(self) -> None:
            self.respond()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Notify:
    """What GOV.UK Notify took, and what it is to answer instead of taking the next."""

    taken: list[dict[str, Any]] = field(default_factory=list)
    asked_about: list[str] = field(default_factory=list)
    answers: list[tuple[int, Any] | None] = field(default_factory=list)
    """Replies to the next letters; None takes the letter and loses the reply."""
    statuses: dict[str, str] = field(default_factory=dict)
    """What became of a letter, by reference; without an entry it is being sent."""
    tokens: list[str] = field(default_factory=list)

    def __call__(self, method, path, headers, body):
        self.tokens.append(headers["Authorization"])
        if method == "GET":
            (reference,) = parse_qs(urlsplit(path).query)["reference"]
            self.asked_about.append(reference)
            found = [each for each in self.taken if each["reference"] == reference]
            status = self.statuses.get(reference, "sending")
            return 200, {"notifications": [{"id": "1", "status": status} for _ in found]}
        posted = json.loads(body)
        if self.answers:
            answer = self.answers.pop(0)
            if answer is None:
                self.taken.append(posted)
            return answer
        self.taken.append(posted)
        return 201, {"id": f"id-{len(self.taken)}", "reference": posted["reference"]}


@dataclass
class Imap:
    """A mailbox, and who may look into it."""

    messages: list[bytes]
    user: str = "bounces@survey.example.org"
    password: str = "secret"
    token: str = ""
    folder: str = "INBOX"
    seen: set[int] = field(default_factory=set)


@contextmanager
def imap_serving(imap: Imap) -> Iterator[int]:
    """Run an IMAP server for a while; give its port."""

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: bytes) -> None:
            self.wfile.write(line + b"\r\n")

        def handle(self) -> None:
            self.say(b"* OK ready")
            while line := self.rfile.readline():
                tag, _, command = line.strip().decode().partition(" ")
                if not self.obey(tag, command):
                    return

        def obey(self, tag: str, command: str) -> bool:
            verb = command.upper()
            ok = True
            if verb == "CAPABILITY":
                self.say(b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2")
            elif verb.startswith("LOGIN"):
                ok = command == f'LOGIN {imap.user} "{imap.password}"'
            elif verb.startswith("AUTHENTICATE"):
                self.say(b"+ ")
                ok = imap.token.encode() in b64decode(self.rfile.readline())
            elif verb.startswith("SELECT"):
                ok = f'"{imap.folder}"' in command
                self.say(f"* {len(imap.messages)} EXISTS".encode())
            elif verb.startswith("UID SEARCH"):
                unseen = [n for n in range(1, len(imap.messages) + 1) if n not in imap.seen]
                self.say(f"* SEARCH {' '.join(map(str, unseen))}".encode())
            elif verb.startswith("UID FETCH"):
                assert "PEEK" in verb
                number = int(command.split()[2])
                raw = imap.messages[number - 1]
                self.say(f"* {number} FETCH (UID {number} BODY[] {{{len(raw)}}}".encode())
                self.wfile.write(raw)
                self.say(b")")
            elif match := re.fullmatch(r"UID STORE (\d+) \+FLAGS \(\\SEEN\)", verb):
                imap.seen.add(int(match[1]))
            elif verb == "LOGOUT":
                self.say(b"* BYE")
            self.say(f"{tag} {'OK' if ok else 'NO'} done".encode())
            return verb != "LOGOUT"

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
