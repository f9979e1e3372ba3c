"""Clean rooms in Intel SGX enclaves: upload rows and ask questions, with data frames.

Every call runs ``guardian room … --json``, which verifies the room before anything leaves this machine.
"""

from guardian_room.command import Failed, GuardianError, Refused, WrongUsage, install
from guardian_room.room import Room
from guardian_room.tables import Rows

__all__ = ["Failed", "GuardianError", "Refused", "Room", "Rows", "WrongUsage", "install"]
