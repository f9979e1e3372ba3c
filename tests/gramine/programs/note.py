# The note keeper in Python (note.c says what it does).
import os
import socket
import ssl
import sys
import threading

with open("/run/app/token") as file:
    secret = file.read()
assert secret and secret == os.environ["TOKEN"]
lines = 0
if os.path.exists("/data/log"):
    with open("/data/log") as log:
        lines = sum(1 for _ in log)


def append():
    with open("/data/log", "a") as log:
        print(f"PLAINTEXT of python {lines}", file=log, flush=True)
        os.fsync(log.fileno())


thread = threading.Thread(target=append)
thread.start()
thread.join()
print("lines", lines, flush=True)
if sys.argv[1:] == ["serve"]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/run/app/tls.crt", "/run/app/tls.key")
    with socket.create_server(("127.0.0.1", int(os.environ["PORT"]))) as listener:
        print("listening", flush=True)
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.sendall(b"hello from python\n")
