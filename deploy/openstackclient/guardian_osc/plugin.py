"""The module by which the stock client finds this package. Its commands have no service of their own."""

API_NAME = "sgx"
API_VERSION_OPTION = "os_sgx_api_version"
DEFAULT_API_VERSION = "1"
API_VERSIONS = {"1": "guardian_osc.plugin"}


def make_client(instance):
    """Called for a client of the service, which no command here asks for."""
    return None


def build_option_parser(parser):
    """Adds no option to the stock client itself."""
    return parser
