"""Ceilometer's own poller. poll.py POLLSTER_YAML: polls once with the definition, and prints the samples as JSON."""
import json
import sys
import types

import yaml
from ceilometer import service
from ceilometer.polling import dynamic_pollster

conf = service.prepare_service([], [])
[definition] = yaml.safe_load(open(sys.argv[1]))
pollster = dynamic_pollster.DynamicPollster(definition, conf)
samples = [sample for sample in pollster.get_samples(types.SimpleNamespace(_keystone=None), {}, ["this host"])]
print(json.dumps([[s.name, s.type, s.unit, s.volume, s.resource_id, s.project_id, s.resource_metadata["flavor_name"]] for s in samples]))
