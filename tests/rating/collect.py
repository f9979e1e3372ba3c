"""CloudKitty's own collector, hashmap and dataframes. collect.py PROMETHEUS METRICS_YML BEGIN FRAMES: the hour from BEGIN on is rated at 2 for a MiB hour."""
import datetime
import json
import sys

from cloudkitty import dataframe, storage_state  # noqa: F401 the state's options are needed by the database
from cloudkitty.collector import prometheus
from cloudkitty.db import api as database
from cloudkitty.rating import hash as hashmap
from cloudkitty.rating.hash.db import api as hashmap_database
from cloudkitty.utils import load_conf
from oslo_config import cfg

address, metrics, begin, frames = sys.argv[1:]
cfg.CONF([], project="cloudkitty", default_config_files=[])
cfg.CONF.set_override("connection", "sqlite://", "database")
cfg.CONF.set_override("prometheus_url", address + "/api/v1", "collector_prometheus")
cfg.CONF.set_override("scope_key", "project_id", "collect")

collector = prometheus.PrometheusCollector(period=3600, conf=load_conf(metrics))
start = datetime.datetime.fromtimestamp(int(begin), datetime.timezone.utc)
end = start + datetime.timedelta(hours=1)
name, points = collector.retrieve("guardian_instance_epc_mebibytes", start, end, "research")
print(name, [point.as_dict() for point in points])
assert name == "guardian_epc"
assert {(p.groupby["instance_id"][-1], p.groupby["project_id"], p.metadata["flavor"], float(p.qty), p.unit) for p in points} == {
    ("1", "research", "sgx.small", 64.0, "MiB*h"), ("2", "research", "sgx.large", 512.0, "MiB*h")}

database.get_instance().get_migration().upgrade("head")
prices = hashmap_database.get_instance()
prices.get_migration().upgrade("head")
service = prices.create_service("guardian_epc")
prices.create_mapping(cost=2, map_type="flat", service_id=service.service_id)
frame = dataframe.DataFrame(start=start, end=end, usage={name: points})
rated = hashmap.HashMap("research").process(frame)
prices_of = sorted(float(point.price) for _, point in rated.iterpoints())
print(prices_of)
assert prices_of == [128.0, 1024.0]

# What guardian usage dataframes prints is what POST /v2/dataframes takes.
sent = [dataframe.DataFrame.from_dict(each) for each in json.load(open(frames))["dataframes"]]
assert sent and all(kind == "guardian_epc" for each in sent for kind, _ in each.iterpoints())
