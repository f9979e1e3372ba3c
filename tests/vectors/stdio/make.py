#!/usr/bin/env python3
"""Writes frames.json: frames of encrypted streams in both spellings, made without Guardian's code (docs/spec/stdio.md).
Needs the package python3-cryptography. The key and the run are fixed and protect nothing."""
import base64
import json
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY = bytes(range(32))
RUN = bytes(range(100, 116))
STREAMS = ["in", "out", "err"]
FRAMES = [
    ("out", 0, 2, b"shop/app " + b"ab" * 32 + b" binary"),
    ("out", 1, 0, b"hello\n"),
    ("out", 2, 0, b""),
    ("out", 3, 0, bytes(i % 251 for i in range(2880))),
    ("out", 4, 0, bytes(i % 251 for i in range(65533))),
    ("out", 5, 1, b"0"),
    ("in", 0, 2, b""),
    ("in", 1, 0, b"a question"),
    ("in", 2, 1, b""),
    ("err", 0, 0, b"trouble\n"),
]


def make(stream, sequence, kind, content):
    key = HKDF(hashes.SHA256(), 32, RUN, b"guardian stdio v1 " + stream.encode()).derive(KEY)
    plaintext = bytes([kind]) + len(content).to_bytes(2, "big") + content
    plaintext += bytes(-len(plaintext) % 64)
    sealed = AESGCM(key).encrypt(bytes(4) + sequence.to_bytes(8, "big"), plaintext, None)
    binary = b"\0gstd2" + bytes([STREAMS.index(stream)]) + RUN + sequence.to_bytes(8, "big") + len(sealed).to_bytes(4, "big") + sealed
    text = f"gstd1 {stream} {RUN.hex()} {sequence} {base64.b64encode(sealed).decode()}\n"
    return {
        "stream": stream, "sequence": sequence, "kind": kind, "content": base64.b64encode(content).decode(),
        "text": text if len(content) <= 2880 else None, "binary": base64.b64encode(binary).decode(),
    }


result = {"key": KEY.hex(), "run": RUN.hex(), "frames": [make(*frame) for frame in FRAMES]}
pathlib.Path(__file__).with_name("frames.json").write_text(json.dumps(result, indent=1) + "\n")
