"""Runs the vectors of tests/vectors through libguardian_attestation.so, as a program in another language meets it.

vectors.py LIBRARY. Each vector must have its expected outcome; ends with one line of totals.
"""
import base64
import datetime
import json
import pathlib
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "samples" / "attestation-c"))
from guardian_attestation import REFUSED, WRONG_USAGE, Verifier  # noqa: E402

STATUSES = ["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate",
            "OutOfDateConfigurationNeeded", "TDRelaunchAdvised", "TDRelaunchAdvisedConfigurationNeeded"]
passed, failed = 0, 0


def expect(name, holds, found):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"failed: {name}: {found}")


def seconds(instant):
    return int(datetime.datetime.fromisoformat(instant.replace("Z", "+00:00")).timestamp())


def read_vector(folder):
    """The quote, the collateral as one packed file, and what is expected; an overlay takes the rest from the vector below."""
    expected = json.loads((folder / "expected.json").read_text())
    folders = [folder] + ([folder.parent / expected["overlayOn"]] if "overlayOn" in expected else [])
    absent = expected.get("absent", [])

    def find(stem, *endings):
        if stem in absent:
            return b""
        for each in folders:
            for ending in endings:
                if (path := each / f"{stem}.{ending}").exists():
                    return path.read_bytes()
        return b""

    packed = {}
    for name, *endings in [("tcb_info", "json"), ("tcb_info_issuer_chain", "pem"), ("qe_identity", "json"),
                           ("qe_identity_issuer_chain", "pem"), ("root_ca_crl", "der", "pem", "hex"), ("pck_crl", "der", "pem", "hex")]:
        if piece := find(name, *endings):
            # Lists of bytes keep every byte: the signatures are over them.
            packed[name] = list(piece)
    options = {} if expected.get("collateralComplete", True) else {"insecureNoRevocation": True}
    if root := find("root", "pem"):
        options["root"] = root.decode()
    return find("quote", "bin"), json.dumps(packed).encode(), options, expected


def run_vector(verifier, folder):
    quote, collateral, options, expected = read_vector(folder)
    _, answer = verifier.verify(quote, collateral, seconds(expected["at"]), **options)
    verdict = expected["verdict"].split(" ")[0]
    if verdict == "either":
        expect(folder.name, "verified" in answer, answer)
        return
    matches = answer["verified"] == (verdict == "accept")
    if matches and verdict == "accept":
        matches = all(answer.get(mine) == expected[theirs] for mine, theirs in [
            ("status", "tcbStatus"), ("mrEnclave", "mrEnclave"), ("mrTd", "mrTd"), ("reportData", "reportData")] if theirs in expected)
    expect(folder.name, matches, answer)


def run_negative(verifier, path):
    """One failure per file: the refusal names its stage and its reason."""
    vector = json.loads(path.read_text())
    code, answer = verifier.verify(
        base64.b64decode(vector["quote"]), json.dumps(vector["collateral"]).encode(), seconds(vector["at"]), root=vector["root"])
    expect(path.stem, code == REFUSED and (answer.get("stage"), answer["reason"]) == (vector["stage"], vector["reason"]), answer)


def main(library):
    verifier = Verifier(library)
    vectors = sorted(path.parent for path in (ROOT / "tests/vectors/dcap").glob("*/expected.json") if not path.parent.name.startswith("intel-"))
    for folder in vectors:
        run_vector(verifier, folder)
    negative = sorted((ROOT / "tests/vectors/dcap-negative").glob("*.json"))
    for path in negative:
        run_negative(verifier, path)
    expect("there are vectors", len(vectors) > 100 and len(negative) > 50, (len(vectors), len(negative)))

    good = ROOT / "tests/vectors/dcap/sgx3-processor-cfg-and-swh"
    quote, collateral, options, expected = read_vector(good)
    at = seconds(expected["at"])
    measurement = expected["mrEnclave"]
    accepts = f"attestation:\n  - mrenclave: [{measurement}]\ntcb:\n  statuses: [ConfigurationAndSWHardeningNeeded]\n"
    expect("a policy accepts", verifier.verify(quote, collateral, at, policy=accepts)[0] == 0, "code")
    code, answer = verifier.verify(quote, collateral, at, policy=accepts.replace(measurement, "00" * 32))
    expect("a policy refuses another enclave", code == REFUSED and not answer["accepted"], answer)
    expect("without a policy the status must be up to date", verifier.verify(quote, collateral, at)[0] == REFUSED, "code")
    for name, arguments, more in [
        ("an unknown option", (quote, collateral, at), {"allow": True}),
        ("a policy with mistakes", (quote, collateral, at), {"policy": "attestation: []"}),
        ("collateral that is none", (quote, b"{}", at), {}),
        ("an instant before 1970", (quote, collateral, -1), {}),
        ("evidence without end", (b"0" * (1 << 20), collateral, at), {}),
    ]:
        code, answer = verifier.verify(*arguments, **more)
        expect(name, code == WRONG_USAGE and answer["reason"] == "usage" and answer["detail"], answer)
        expect(f"{name}, in words of the interface", "Guardian." not in answer["detail"] and ".NET" not in answer["detail"], answer)
    for size in range(0, len(quote), 97):
        code, answer = verifier.verify(quote[:size], collateral, at)
        expect(f"a quote cut to {size} bytes", code == REFUSED and not answer["verified"], answer)

    codes = []
    threads = [
        threading.Thread(target=lambda: codes.extend(verifier.verify(quote, collateral, at, policy=accepts)[0] for _ in range(20)))
        for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect("eight threads", codes == [0] * 160, codes)
    print(f"  succeeded: {passed}\n  failed: {failed}")
    return 1 if failed else 0


sys.exit(main(sys.argv[1]))
