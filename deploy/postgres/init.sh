#!/bin/bash
# Makes pglab's roles and its own database, at the first start of PostgreSQL. The image runs it from
# /docker-entrypoint-initdb.d, `make stack` runs it over the socket. Running it again sets the passwords again.
set -euo pipefail
secrets=${PGLAB_ETC:-/state/etc}/postgres
psql -qX -v ON_ERROR_STOP=1 -U postgres -d postgres \
  -v admin="$(<"$secrets/pglab_admin.password")" \
  -v store="$(<"$secrets/pglab_store.password")" \
  -v monitor="$(<"$secrets/pglab_monitor.password")" <<'SQL'
SET log_min_error_statement = panic;   -- no password into the log, even if a statement fails
SELECT format('CREATE ROLE %I LOGIN', name) FROM (VALUES ('pglab_admin'), ('pglab_store'), ('pglab_monitor')) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- Students' databases are made and looked after by this one; the server is pglab's alone.
ALTER ROLE pglab_admin SUPERUSER PASSWORD :'admin';
ALTER ROLE pglab_store PASSWORD :'store';
-- Reads statistics, no data.
ALTER ROLE pglab_monitor CONNECTION LIMIT 8 PASSWORD :'monitor';
GRANT pg_monitor TO pglab_monitor;
SELECT 'CREATE DATABASE pglab OWNER pglab_store' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'pglab') \gexec
REVOKE ALL ON DATABASE pglab FROM PUBLIC;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO pglab_monitor;
SQL
