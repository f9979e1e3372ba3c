# A PostgreSQL that pods reach. Source it after tests/kubernetes/node.sh; it needs the same variables.
postgresql=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)

# PostgreSQL refuses to run as root.
as_postgres() { runuser -u postgres -- "$postgresql/$1" -D "$work/postgres/data" "${@:2}" >>"$work/logs/postgres.log"; }

start_database() {
  chmod 711 "$work"
  install -d -o postgres -g postgres "$work/postgres"
  openssl rand -hex 16 >"$work/postgres/password"
  chown postgres "$work/postgres/password"
  as_postgres initdb -U guardian -A scram-sha-256 --pwfile="$work/postgres/password" --no-instructions || return 1
  echo 'host all all 10.244.0.0/24 scram-sha-256' >>"$work/postgres/data/pg_hba.conf"
  as_postgres pg_ctl start -w -l "$work/postgres/log" -o "-h $api_address -p $(port 11) -k $work/postgres" </dev/null
}

# What pods connect with.
database_connection() {
  echo "Host=$api_address;Port=$(port 11);Username=guardian;Password=$(cat "$work/postgres/password");Database=postgres"
}

stop_database() {
  [ ! -e "$work/postgres/data/postmaster.pid" ] || as_postgres pg_ctl stop -m immediate
}
