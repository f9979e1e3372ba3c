"""Enclave memory (EPC) in the stock OpenStack client, by the command line of Guardian."""
