"""Starts nova-compute as root with its privileged parts in the same process. Helper processes would need sudo and a second each to start."""
import sys

sys.argv[0] = "nova-compute"
import nova.cmd.compute as command  # this import comes first: it prepares Python's threads
import nova.privsep
import os_brick.privileged

nova.privsep.sys_admin_pctxt.set_client_mode(False)
os_brick.privileged.default.set_client_mode(False)
command.main()
