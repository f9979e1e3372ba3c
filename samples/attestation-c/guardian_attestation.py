"""Verifies attestation evidence with libguardian_attestation.so: no package is needed besides Python's own library.

python3 guardian_attestation.py LIBRARY EVIDENCE COLLATERAL SECONDS
"""
import ctypes
import json
import sys

ACCEPTED, REFUSED, WRONG_USAGE, FAILED = range(4)


class Verifier:
    """The library, loaded once. Any thread may use it."""

    def __init__(self, path):
        library = ctypes.CDLL(path)
        self._verify, self._free = library.guardian_attestation_verify, library.guardian_attestation_free
        self._verify.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_int64,
            ctypes.POINTER(ctypes.c_void_p),
        ]
        self._verify.restype = ctypes.c_int32
        self._free.argtypes = [ctypes.c_void_p]
        self._free.restype = None
        if library.guardian_attestation_abi() != 1:
            raise OSError(f"{path} has another version of the interface")

    def verify(self, evidence, collateral, at, **options):
        """Returns the code and the answer. Options: root, policy, pckChain, insecureNoRevocation."""
        answer = ctypes.c_void_p()
        code = self._verify(
            evidence, len(evidence), collateral, len(collateral), json.dumps(options).encode() if options else None, int(at),
            ctypes.byref(answer))
        if not answer.value:
            raise MemoryError("the library failed")
        try:
            return code, json.loads(ctypes.string_at(answer.value))
        finally:
            self._free(answer)


def main(library, evidence, collateral, at):
    with open(evidence, "rb") as one, open(collateral, "rb") as other:
        code, answer = Verifier(library).verify(one.read(), other.read(), at)
    print(json.dumps(answer, indent=2))
    return code


if __name__ == "__main__":
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        sys.exit(WRONG_USAGE)
    sys.exit(main(*sys.argv[1:]))
