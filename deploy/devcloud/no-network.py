"""The minimal network service that Nova needs for servers without ports: every list is empty."""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class NoNetwork(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        collection = self.path.split("?")[0].rstrip("/").split("/")[-1].removesuffix(".json")
        if collection in ("", "v2.0"):
            answer = {"versions": [{"id": "v2.0", "status": "CURRENT", "links": []}]}
        else:
            answer = {collection.replace("-", "_"): []}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), NoNetwork).serve_forever()
