"""Tests of guardian_room: a CAS and a room of agency and retailer, set up with the commands that people use."""

import io
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "client" / "python"
sys.path.insert(0, str(PACKAGE))

import guardian_room
from guardian_room import Failed, Refused, Room, WrongUsage, tables

PERSONS = 3000


def built(project, program):
    return ["dotnet", str(ROOT / "artifacts" / "bin" / project / "release" / f"{program}.dll")]


GUARDIAN = built("Guardian.Cli", "guardian")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Fixture:
    """The folder, the CAS and the room, running until the tests end."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.running = []
        self.cas, self.room = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        os.environ.update(HOME=self.folder.name, NO_COLOR="1")
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            os.environ.pop(name, None)
        os.chdir(self.folder.name)
        keys = {name: self.run("key", "create", f"{name}.pem")["publicKey"] for name in ("agency", "retailer", "stranger")}
        self.serve([*GUARDIAN, "cas", "start", "--state", "cas", "--machine", "machine", "--listen", self.cas, "--owner", "agency.pem"])
        self.run("room", "session", "test", "--platform", "simulated")
        session = self.run("session", "create", "session.yaml", "--cas", self.cas, "--key", "agency.pem", "--platform", "simulated")
        identity = self.run("cas", "attest", self.cas, "--platform", "simulated")["identity"]
        self.run(
            "room", "create", "test", "--session-hash", session["hash"], "--cas-identity", identity, "--platform", "simulated",
            "--member", f"agency={keys['agency']}", "--member", f"retailer={keys['retailer']}")
        # Exact figures, so that the tests can name them.
        contract = pathlib.Path("room.yaml")
        contract.write_text(contract.read_text().replace("noise: {epsilon: 0.1}", "noise: none"))
        for member in ("agency", "retailer"):
            self.run("room", "sign", "room.yaml", "--member", member, "--key", f"{member}.pem")
        self.serve([
            *GUARDIAN, "room", "start", "room.yaml", "--state", "room", "--machine", "machine", "--cas", self.cas, "--listen", self.room])

    def run(self, *words):
        done = subprocess.run([*GUARDIAN, *words, "--json"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None

    def serve(self, command):
        process = subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.running.append(process)
        for line in process.stdout:
            if json.loads(line).get("event", "listening") == "listening":
                return
        raise AssertionError(f"{command} ended with {process.wait()}")

    def stop(self):
        for process in self.running:
            process.terminate()
            process.wait()
        os.chdir("/")
        self.folder.cleanup()


def campaign():
    """Every second customer, with other spellings of the address."""
    return [
        {"mail": f"P{2 * i}@Example.com", "arm": "Treatment" if i % 2 == 0 else "Control", "exposed": i % 2, "note": "stays here"}
        for i in range(PERSONS)
    ]


def customers():
    return [
        {"email": f"p{i}@example.com", "region": "North" if i % 3 == 0 else "South", "visit": 1 if i % 5 == 0 else 0, "spend": f"{i % 7}.50"}
        for i in range(PERSONS)
    ]


class RoomTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        guardian_room.install(GUARDIAN)
        cls.fixture = Fixture()
        cls.agency = Room("room.yaml", address=cls.fixture.room, key="agency.pem")
        cls.retailer = Room("room.yaml", address=cls.fixture.room, key=pathlib.Path("retailer.pem"))

    @classmethod
    def tearDownClass(cls):
        cls.fixture.stop()

    def test_1_rows_are_uploaded_under_their_own_names(self):
        report = self.agency.upload(campaign(), on="mail", receipt="campaign.jws")
        self.assertEqual((report["rows"], report["persons"]), (PERSONS, PERSONS))
        self.assertEqual(report["ignoredColumns"], ["note"])
        self.assertTrue(os.path.exists("campaign.jws"))
        self.assertEqual(self.retailer.upload(customers())["persons"], PERSONS)
        self.assertEqual(self.agency.status()["member"], "agency")

    def test_2_the_first_question_is_one_call(self):
        answer = self.retailer.overlap(customers(), on="email", statement="overlap.jws")
        self.assertEqual(list(answer), [{"persons": PERSONS // 2}])
        self.assertEqual(answer.answer["member"], "retailer")
        self.assertEqual(self.fixture.run("room", "verify", "overlap.jws", "--contract", "room.yaml")["verified"], True)

    def test_3_tables_have_words_and_numbers(self):
        table = self.agency.crosstab("campaign.arm", "customers.region")
        self.assertEqual({(row["campaign.arm"], row["customers.region"]) for row in table}, {
            (arm, region) for arm in ("Treatment", "Control") for region in ("North", "South")})
        self.assertEqual(sum(row["persons"] for row in table), PERSONS // 2)
        north = self.agency.overlap(where="customers.region = North")
        self.assertEqual(north[0]["persons"], sum(row["persons"] for row in table if row["customers.region"] == "North"))
        self.assertIn("dataSets", self.agency.budget())

    def test_4_refusals_are_exceptions_with_reasons(self):
        with self.assertRaises(WrongUsage) as usage:
            self.agency.overlap(where="customers.region ~ North")
        self.assertTrue(usage.exception.message)
        with self.assertRaises(Refused) as refused:
            self.agency.sum("customers.region")
        self.assertTrue(refused.exception.code)
        with self.assertRaises(Refused) as stranger:
            Room("room.yaml", address=self.fixture.room, key="stranger.pem").status()
        self.assertEqual(stranger.exception.code, "not-a-member")
        with self.assertRaises(Failed):
            Room("room.yaml", address="127.0.0.1:1", key="agency.pem").status()
        with self.assertRaises(Failed):
            Room("missing.yaml", address=self.fixture.room, key="agency.pem").status()

    def test_5_a_server_that_is_not_the_room_gets_nothing(self):
        # The CAS is a genuine enclave on the same platform. A naive client would send it the rows.
        other = Room("room.yaml", address=self.fixture.cas, key="agency.pem")
        with self.assertRaises(Refused) as refused:
            other.upload(campaign(), on="mail", dataset="campaign")
        self.assertEqual(refused.exception.code, "not-trusted")

    def test_6_mistakes_in_rows_are_found_before_anything_is_sent(self):
        for rows, on in (([], None), ([{"a": 1}], "b"), ([{"email": "x", "mail": "y"}], "mail"), ("customers.csv", "email")):
            with self.assertRaises(ValueError, msg=str(rows)):
                self.retailer.upload(rows, on=on, dataset="customers")
        with self.assertRaises(ValueError):
            self.retailer.overlap(on="email")
        with self.assertRaises((ValueError, Refused, WrongUsage)):
            self.retailer.upload([{"email": "a@example.com"}, {"mail": "b@example.com"}], dataset="customers")

    def test_7_the_example_of_the_readme_runs(self):
        example = re.search(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)[1]
        self.assertIn("127.0.0.1:9443", example)
        done = subprocess.run(
            [sys.executable, "-"], input=f"import guardian_room\nguardian_room.install({GUARDIAN!r})\ncustomers = {customers()!r}\n"
            + example.replace("127.0.0.1:9443", self.fixture.room),
            capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(PACKAGE)})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(str(PERSONS // 2), done.stdout)

    def test_8_the_package_leaves_no_file(self):
        with tempfile.TemporaryDirectory() as watched:
            previous, tempfile.tempdir = tempfile.tempdir, watched
            try:
                self.retailer.overlap(customers())
                self.assertEqual(os.listdir(watched), [])
            finally:
                tempfile.tempdir = previous


@unittest.skipIf(os.system("/usr/bin/python3 -c 'import pandas' 2>/dev/null") != 0, "pandas is not installed")
class PandasTest(unittest.TestCase):
    """The same figures as data frames, in a process that may import pandas."""

    def test_bytes_are_text_or_digits_also_in_columns_with_one_name(self):
        import pandas

        frame = pandas.DataFrame([[b"abc", "x", 1], [b"\xff\x01", None, 2]], columns=["id", "id", "n"])
        self.assertEqual(_written(frame), "id,id,n\nabc,x,1\nff01,,2\n")
        self.assertEqual(_written(pandas.DataFrame({"id": []})), "id\n")
        self.assertEqual(_written([{"id": "NaT", "n": pandas.NA, "t": pandas.NaT}]), "id,n,t\nNaT,,\n")
        with self.assertRaises(ValueError):
            _written(pandas.Series(["a@example.com"]))

    def test_a_frame_goes_in_and_comes_out(self):
        import pandas

        written = []
        frame = pandas.DataFrame([{"mail": "a@example.com", "spend": None}, {"mail": "b@example.com", "spend": 1.5}])

        class Stream(list):
            def write(self, text):
                written.append(text)

        tables.writer(frame, {"mail": "email"})(Stream())
        self.assertEqual("".join(written), "email,spend\na@example.com,\nb@example.com,1.5\n")
        with self.assertRaises(ValueError):
            tables.writer(frame, {"mail": "spend"})
        answer = {"question": {"kind": "crosstab", "by": ["campaign.arm"]}}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "figures.csv")
            pathlib.Path(path).write_text("campaign.arm,persons\r\n1,30\r\n'=2,\r\n")
            figures = tables.read(path, answer)
        self.assertIsInstance(figures, pandas.DataFrame)
        self.assertEqual(list(figures["campaign.arm"]), ["1", "=2"])
        self.assertEqual(figures["persons"][0], 30)
        self.assertTrue(pandas.isna(figures["persons"][1]))
        self.assertEqual(figures.attrs["answer"], answer)


def _written(rows):
    stream = io.StringIO()
    tables.writer(rows, {})(stream)
    return stream.getvalue()


class TablesTest(unittest.TestCase):
    def test_missing_values_are_empty_cells_and_bytes_are_text(self):
        self.assertEqual(
            _written([{"id": b"abc", "n": float("nan"), "s": "nan", "i": 2**70}, {"id": b"\xff", "n": None, "s": "", "i": -1}]),
            "id,n,s,i\nabc,,nan,1180591620717411303424\nff,,,-1\n")
        for rows in ({"id": ["a@example.com"]}, [["a@example.com"]], ["a@example.com"]):
            with self.assertRaises(ValueError):
                _written(rows)

    def test_cells_are_numbers_or_words_by_their_column(self):
        self.assertEqual(
            [tables._cell("persons", cell, set()) for cell in ("", "7", "-7", "0.5", "1E-05")], [None, 7, -7, 0.5, 1e-05])
        self.assertEqual([tables._cell("verdict", cell, tables._WORDS) for cell in ("12", "'=x", "'")], ["12", "=x", "'"])


def main():
    loader = unittest.defaultTestLoader
    totals = {"succeeded": 0, "failed": 0, "skipped": 0}
    # First as on a machine without pandas.
    for pandas, names in ((False, (TablesTest, RoomTest)), (True, (PandasTest,))):
        if pandas:
            sys.modules.pop("pandas", None)
        else:
            sys.modules["pandas"] = None
        result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(map(loader.loadTestsFromTestCase, names)))
        bad = len(result.failures) + len(result.errors)
        totals["failed"] += bad
        totals["skipped"] += len(result.skipped)
        totals["succeeded"] += result.testsRun - bad - len(result.skipped)
    for name, count in totals.items():
        print(f"  {name}: {count}")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
