"""``openstack sgx host list``."""

from osc_lib.command import command

from guardian_osc import guardian

COLUMNS = {
    "Host": "host", "State": "state", "Healthy": "healthy", "Sections": "sections", "EPC MiB": "totalMebibytes",
    "Reserved MiB": "reservedMebibytes", "Claimed MiB": "claimedMebibytes", "Free MiB": "freeMebibytes",
    "Largest MiB": "largestFreeMebibytes", "Guests": "guests",
}


class ListHosts(command.Lister):
    """List the hosts with enclave memory, and what is free"""

    is_agreed = True

    def run(self, parsed_args):
        # Claims that fit no server: guardian cloud status names them.
        return super().run(parsed_args) or (0 if self.is_agreed else 1)

    def take_action(self, parsed_args):
        self.is_agreed, result = guardian.run(self.app, ["cloud", "status"])
        if result["drift"]:
            self.app.stderr.write(f"{len(result['drift'])} claims fit no server: see guardian cloud status\n")
        return tuple(COLUMNS), ([host[name] for name in COLUMNS.values()] for host in result["hosts"])
