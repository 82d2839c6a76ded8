#!/bin/sh
# Run by the postgres image when it makes a new cluster: the roles, with passwords from the secrets.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres \
  -v owner_password="$(cat /run/secrets/owner_password)" \
  -v app_password="$(cat /run/secrets/app_password)" \
  -v web_password="$(cat /run/secrets/web_password)" \
  -v worker_password="$(cat /run/secrets/worker_password)" \
  -v sealer_password="$(cat /run/secrets/sealer_password)" \
  -f /roles.sql
