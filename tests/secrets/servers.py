# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that ask for a password and are never content: HTTP and HTTPS for git, PostgreSQL for psql."""

import http.server
import os
import socketserver
import ssl
import struct
import subprocess
import tempfile
import threading


class Http(http.server.BaseHTTPRequestHandler):
    """RFC 7235: 401 asks the client for credentials, again and again."""

    def do_GET(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="tests"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Postgres(socketserver.StreamRequestHandler):
    """The frontend/backend protocol, version 3: no encryption, AuthenticationCleartextPassword, then an error."""

    def message(self):
        length = struct.unpack(">I", self.rfile.read(4))[0]
        return self.rfile.read(length - 4)

    def handle(self):
        try:
            start = self.message()
            while struct.unpack(">I", start[:4])[0] in (80877103, 80877104):  # SSLRequest, GSSENCRequest
                self.wfile.write(b"N")
                start = self.message()
            self.wfile.write(b"R" + struct.pack(">II", 8, 3))
            self.rfile.read(1)
            self.message()
            text = b"SFATAL\0C28P01\0Mno\0\0"
            self.wfile.write(b"E" + struct.pack(">I", 4 + len(text)) + text)
        except (struct.error, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def certificate():
    """Of no authority's; a context for servers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        key, cert = os.path.join(folder, "key"), os.path.join(folder, "cert")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        context.load_cert_chain(cert, key)
    return context


class PasswordServers:
    def __init__(self):
        self.http = self.start(Http)
        self.https = self.start(Http, certificate())
        self.postgres = self.start(Postgres)

    @staticmethod
    def start(handler, tls=None):
        server = Server(("127.0.0.1", 0), handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]
