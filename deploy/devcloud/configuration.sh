# Writes the services' configuration. Every service listens on loopback, and every file lies below $state.
database() { echo "mysql+pymysql://root@127.0.0.1:$database_port/$1?charset=utf8"; }

credentials() {
  cat <<END
auth_url = http://127.0.0.1:$keystone_port/v3
auth_type = password
username = admin
password = $password
project_name = admin
user_domain_id = default
project_domain_id = default
END
}

write_configuration() {
  local etc=$state/etc
  put "$etc/keystone.conf" <<END
[database]
connection = $(database keystone)
[token]
provider = fernet
[fernet_tokens]
key_repository = $state/lib/fernet-keys
[fernet_receipts]
key_repository = $state/lib/fernet-keys
[credential]
key_repository = $state/lib/credential-keys
[identity]
password_hash_rounds = 4
END
  put "$etc/placement.conf" <<END
[api]
auth_strategy = keystone
[placement_database]
connection = $(database placement)
[keystone_authtoken]
$(credentials)
END
  put "$etc/glance-api.conf" <<END
[DEFAULT]
enabled_import_methods = []
[database]
connection = $(database glance)
[glance_store]
stores = file
default_store = file
filesystem_store_datadir = $state/images
[paste_deploy]
flavor = keystone
config_file = $etc/glance-api-paste.ini
[keystone_authtoken]
$(credentials)
END
  cp /usr/share/nova-common/api-paste.ini /usr/share/glance-common/glance-api-paste.ini "$etc/"
  # The images and the flavors' disks have size zero.
  put "$etc/nova-policy.yaml" <<<'"os_compute_api:servers:create:zero_disk_flavor": ""'
  # nova-compute refuses to start if it could reach a database.
  put "$etc/nova-database.conf" <<END
[api_database]
connection = $(database nova_api)
[database]
connection = $(database nova)
END
  write_nova_configuration
}

write_nova_configuration() {
  local helper section
  put "$state/etc/nova.conf" <<END
[DEFAULT]
my_ip = 127.0.0.1
compute_driver = libvirt.LibvirtDriver
transport_url = rabbit://guest:guest@127.0.0.1:$queue_port/
state_path = $state/lib/nova
instances_path = $state/instances
rpc_response_timeout = 120
service_down_time = 120
# Without a network service, there is nothing to refresh and nothing to wait for.
heal_instance_info_cache_interval = -1
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
# There is one machine, so a server is resized in place.
allow_resize_to_same_host = true
cpu_allocation_ratio = 64.0
ram_allocation_ratio = 16.0
disk_allocation_ratio = 64.0
reserved_host_memory_mb = 0
force_config_drive = false
shutdown_timeout = 2
update_resources_interval = 20
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = $state/etc/api-paste.ini
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 5
enable_isolated_aggregate_filtering = true
[compute]
provider_config_location = $state/etc/provider_config
# nova-compute reads its providers every 5 minutes otherwise, and a test needs one that knows them.
resource_provider_association_refresh = 30
[quota]
instances = -1
cores = -1
ram = -1
[oslo_concurrency]
lock_path = $state/lib/nova/lock
[oslo_messaging_notifications]
driver = noop
[oslo_policy]
policy_file = $state/etc/nova-policy.yaml
[vnc]
enabled = false
[libvirt]
virt_type = qemu
connection_uri = $connection_uri
images_type = raw
cpu_mode = none
hw_machine_type = x86_64=q35
inject_partition = -2
wait_soft_reboot_seconds = 2
[workarounds]
skip_cpu_compare_on_dest = true
[keystone_authtoken]
$(credentials)
[cinder]
$(credentials)
[service_user]
$(credentials)
[glance]
$(credentials)
api_servers = http://127.0.0.1:$glance_port
[placement]
$(credentials)
endpoint_override = http://127.0.0.1:$placement_port
[neutron]
$(credentials)
endpoint_override = http://127.0.0.1:$network_port
END
  mkdir -p "$state/lib/nova/lock" "$state/etc/provider_config"
}

# A compute host without a hypervisor, to test scheduling: it uses Nova's own fake driver.
write_fake_configuration() {
  put "$state/etc/nova-$1.conf" <<END
[DEFAULT]
host = $1
compute_driver = fake.FakeDriver
state_path = $state/lib/nova-$1
[oslo_concurrency]
lock_path = $state/lib/nova-$1/lock
[compute]
provider_config_location = $state/etc/provider_config-$1
END
  mkdir -p "$state/lib/nova-$1/lock" "$state/etc/provider_config-$1"
}
