"""journal.py BEGIN: a journal of guardian-node in which two servers have EPC and ran in the hour from BEGIN on, before the host's last boot."""
import hashlib
import json
import sys

begin = int(sys.argv[1]) * 1000
boot = "00000000-0000-0000-0000-0000000000b0"


def line(kind, seconds, **more):
    record = {"kind": kind, "boot": boot, "uptime": 1_000_000 + seconds * 1000, "wall": begin + seconds * 1000, **more}
    text = json.dumps(record, separators=(",", ":"))
    print(hashlib.sha256(text.encode()).hexdigest()[:16], text)


for number, (mebibytes, flavor) in enumerate([(64, "sgx.small"), (512, "sgx.large")], start=1):
    instance = f"00000000-0000-0000-0000-{number:012}"
    line("Defined", 0, instance=instance, mebibytes=mebibytes, project="research", flavor=flavor)
    line("Started", 0, instance=instance)
line("Alive", 3600)
