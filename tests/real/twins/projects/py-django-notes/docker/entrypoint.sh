#!/bin/bash
set -euo pipefail

if [ "${RUN_MIGRATIONS:-1}" = "1" ]; then
    python3 manage.py migrate --noinput
    python3 manage.py loaddata first
fi
python3 manage.py warm
exec "$@"
