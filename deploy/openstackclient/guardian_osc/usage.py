"""``openstack usage show`` and ``usage list``, with the row EPC MB-Hours."""

from openstackclient.compute.v2 import usage as stock

from guardian_osc import guardian

COLUMNS = ("Project", "Servers", "RAM MB-Hours", "CPU Hours", "Disk GB-Hours", "EPC MB-Hours")


def _add_options(parser):
    parser.add_argument(
        "--node", metavar="<address>", action="append", default=[],
        help="A host's guardian-node that serves its journal, http(s)://host:port; repeatable")
    parser.add_argument(
        "--all-nodes", metavar="<address>",
        help="The guardian-nodes of all hosts with EPC: an address with the word HOST, such as https://HOST:9471")
    parser.add_argument("--node-ca", metavar="<file>", help="Certificates that issue those of the hosts, PEM")
    parser.add_argument("--node-token-file", metavar="<file>", help="The file with the token that the hosts ask for")
    return parser


def _words(parsed):
    words = []
    for name in ("start", "end", "all_nodes", "node_ca", "node_token_file"):
        if getattr(parsed, name):
            words += ["--" + name.replace("_", "-"), getattr(parsed, name)]
    for node in parsed.node:
        words += ["--node", node]
    return words


def _values(usage):
    return tuple(round(usage[name], 2) for name in ("ramMebibyteHours", "cpuHours", "diskGigabyteHours", "epcMebibyteHours"))


class _ExitCode:
    """A bill with a gap ends with 1, as Guardian's own command does."""

    is_complete = True

    def run(self, parsed_args):
        return super().run(parsed_args) or (0 if self.is_complete else 1)

    def _read(self, words):
        self.is_complete, result = guardian.run(self.app, words)
        return result

    def _title(self, parsed_args, usage, project=""):
        if parsed_args.formatter == "table" and usage:
            self.app.stdout.write(f"Usage from {usage['start'][:10]} to {usage['end'][:10]}{project}: \n")


class ShowUsage(_ExitCode, stock.ShowUsage):
    """Show resource usage for a single project, enclave memory included"""

    _description = "Show resource usage for a single project, enclave memory included"

    def get_parser(self, prog_name):
        return _add_options(super().get_parser(prog_name))

    def take_action(self, parsed_args):
        project = parsed_args.project or self.app.client_manager.auth_ref.project_id
        usage = self._read(["usage", "show", "--project", project, *_words(parsed_args)])
        self._title(parsed_args, usage, f" on project {usage['project']}")
        return COLUMNS, (usage["project"], usage["servers"], *_values(usage))


class ListUsage(_ExitCode, stock.ListUsage):
    """List resource usage per project, enclave memory included"""

    _description = "List resource usage per project, enclave memory included"

    def get_parser(self, prog_name):
        return _add_options(super().get_parser(prog_name))

    def take_action(self, parsed_args):
        usages = self._read(["usage", "list", *_words(parsed_args)])["projects"]
        self._title(parsed_args, usages[0] if usages else None)
        try:
            names = {project.id: project.name for project in self.app.client_manager.identity.projects.list()}
        except Exception:  # As the stock command: without the right to list projects, identifiers are shown.
            names = {}
        return COLUMNS, ((names.get(usage["project"], usage["project"]), usage["servers"], *_values(usage)) for usage in usages)
