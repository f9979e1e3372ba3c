# Starts the services that do not run yet.
in_cloud() { OS_CLIENT_CONFIG_FILE=$state/clouds.yaml OS_CLOUD=devcloud "$@"; }

write_clouds_file() {
  (
    umask 077
    put "$state/clouds.yaml" <<END
clouds:
  devcloud:
    auth:
      auth_url: http://127.0.0.1:$keystone_port/v3
      username: admin
      password: $password
      project_name: admin
      user_domain_id: default
      project_domain_id: default
    region_name: RegionOne
    identity_api_version: 3
    compute_api_version: "2.90"
    # An administrator's view of Placement needs its later versions.
    placement_api_version: "1.28"
END
  )
}

# Starts a libvirt in its own mount namespace, so it shares no file with the machine's libvirt.
start_libvirt() {
  put "$libvirt/etc/qemu.conf" <<END
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
stdio_handler = "file"
# A pretended EPC device is a regular file, and libvirt cannot move one into a private /dev.
namespaces = [ ]
END
  put "$libvirt/etc/libvirtd.conf" <<END
unix_sock_dir = "$libvirt/socket"
auth_unix_ro = "none"
auth_unix_rw = "none"
END
  start libvirt unshare -m --propagation private bash -c '
    for pair in etc:/etc/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt run:/run/libvirt log:/var/log/libvirt; do
      mkdir -p "${pair#*:}" && mount --bind "$1/${pair%%:*}" "${pair#*:}" || exit 1
    done
    exec "${@:2}" libvirtd -f "$1/etc/libvirtd.conf" -p "$1/run/libvirtd.pid"' - "$libvirt" ${pretend_epc:+"$repository/tests/openstack/pretend-nodes" "$libvirt/nodes"}
}

sql() { mariadb -uroot -S "$state/database.sock" "$@"; }

start_database() {
  [ -d "$state/database/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$state/database" --auth-root-authentication-method=normal \
    --skip-test-db >"$state/log/database-install.log" 2>&1 || fail "MariaDB cannot create its files; see $state/log/database-install.log"
  # The data of a test cloud need not survive a power cut.
  start database mariadbd --no-defaults --user=root --datadir="$state/database" --socket="$state/database.sock" --pid-file="$state/database.pid" \
    --bind-address=127.0.0.1 --port=$database_port --skip-name-resolve --skip-log-bin --performance-schema=OFF --innodb-buffer-pool-size=64M \
    --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --max-connections=400 --character-set-server=utf8mb3 --collation-server=utf8mb3_general_ci
}

start_queue() {
  local queue=$state/queue
  mkdir -p "$queue/home"
  put "$queue/rabbitmq.conf" <<END
listeners.tcp.1 = 127.0.0.1:$queue_port
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
log.console = true
log.file = false
END
  put "$queue/enabled_plugins" <<<'[].'
  start epmd env HOME="$queue/home" epmd -address 127.0.0.1 -port $epmd_port
  start queue env HOME="$queue/home" ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODENAME=devcloud@localhost RABBITMQ_DIST_PORT=$erlang_port \
    RABBITMQ_CONFIG_FILE="$queue/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$queue/enabled_plugins" RABBITMQ_MNESIA_BASE="$queue/data" \
    RABBITMQ_LOG_BASE="$queue/log" RABBITMQ_PID_FILE="$queue/pid" RABBITMQ_ADVANCED_CONFIG_FILE= RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}" /usr/lib/rabbitmq/bin/rabbitmq-server
}

create_databases() {
  wait_for database sql -e 'select 1'
  [ ! -e "$state/databases-made" ] || return 0
  sql -e "$(printf 'create database if not exists %s character set utf8;' keystone placement glance nova_api nova nova_cell0)
    create user if not exists root@127.0.0.1; grant all privileges on *.* to root@127.0.0.1 with grant option;"
  mkdir -p "$state/lib/fernet-keys" "$state/lib/credential-keys"
  chmod 700 "$state/lib/fernet-keys" "$state/lib/credential-keys"
  local jobs=() job
  make_keystone >"$state/log/keystone-make.log" 2>&1 & jobs+=($!)
  make_placement_and_glance >"$state/log/placement-make.log" 2>&1 & jobs+=($!)
  make_nova >"$state/log/nova-make.log" 2>&1 & jobs+=($!)
  for job in "${jobs[@]}"; do
    wait "$job" || fail "a service cannot create its database; see $state/log/*-make.log"
  done
  touch "$state/databases-made"
  say "databases created"
}

make_keystone() {
  local manage=(keystone-manage --config-file "$state/etc/keystone.conf") address=http://127.0.0.1:$keystone_port/v3
  "${manage[@]}" fernet_setup --keystone-user root --keystone-group root &&
    "${manage[@]}" credential_setup --keystone-user root --keystone-group root &&
    "${manage[@]}" db_sync &&
    OS_BOOTSTRAP_PASSWORD=$password "${manage[@]}" bootstrap --bootstrap-region-id RegionOne \
      --bootstrap-public-url "$address" --bootstrap-internal-url "$address" --bootstrap-admin-url "$address"
}

make_placement_and_glance() {
  placement-manage --config-file "$state/etc/placement.conf" db sync && glance-manage --config-file "$state/etc/glance-api.conf" db_sync
}

make_nova() {
  local manage=(nova-manage --config-file "$state/etc/nova.conf" --config-file "$state/etc/nova-database.conf")
  "${manage[@]}" api_db sync &&
    "${manage[@]}" cell_v2 map_cell0 --database_connection "$(database nova_cell0)" &&
    "${manage[@]}" db sync &&
    # Exit code 2 means that the cell exists already.
    { "${manage[@]}" cell_v2 create_cell --name cell1 --transport-url "rabbit://guest:guest@127.0.0.1:$queue_port/" --database_connection "$(database nova)" || [ $? = 2 ]; }
}

# web NAME PORT PROCESSES VARIABLE=VALUE... FILE: starts a service behind uwsgi.
web() {
  local name=$1 port=$2 processes=$3
  shift 3
  start "$name" env "${@:1:$#-1}" uwsgi_python3 --master --die-on-term --lazy-apps --enable-threads --need-app --http-socket "127.0.0.1:$port" \
    --processes "$processes" --listen 100 --buffer-size 65535 --disable-logging --add-header "Connection: close" --procname-prefix "$name " --wsgi-file "${@: -1}"
}

start_apis() {
  web keystone $keystone_port 1 OS_KEYSTONE_CONFIG_FILES="$state/etc/keystone.conf" OS_KEYSTONE_CONFIG_DIR="$state/etc" /usr/bin/keystone-wsgi-public
  web placement $placement_port 2 OS_PLACEMENT_CONFIG_DIR="$state/etc" /usr/bin/placement-api
  web glance $glance_port 1 OS_GLANCE_CONFIG_DIR="$state/etc" /usr/bin/glance-wsgi-api
  web nova-api $nova_port 2 OS_NOVA_CONFIG_DIR="$state/etc" OS_NOVA_CONFIG_FILES="api-paste.ini;nova.conf;nova-database.conf" /usr/bin/nova-api-wsgi
  start network python3 "$devcloud/no-network.py" $network_port
}

# Starts Guardian's daemon of the compute host, if it is built.
start_node() {
  [ -f "$node_program" ] || return 0
  {
    cat <<END
openstack:
  cloud: devcloud
relay:
  listen: $relay_socket
  upstream: $libvirt_socket
meter:
  journal: $state/node/epc.journal
  listen: 127.0.0.1:$metrics_port
END
    [ -z "$pretend_epc" ] || "$repository/tests/openstack/pretend-epc" --sections
  } | put "$state/etc/node.yaml"
  # The daemon runs from a copy, so that a build cannot replace its files while it runs.
  # A socket that a former daemon left would pass for that of the new one.
  alive node || { rm -rf "$state/node/program" "$relay_socket" && cp -r "$(dirname "$node_program")" "$state/node/program"; }
  in_cloud start node dotnet "$state/node/program/guardian-node.dll" --config "$state/etc/node.yaml"
  wait_for node test -S "$relay_socket"
}
