#!/bin/sh
set -e
echo "invoices: $(date -u +%FT%TZ)"
exec "$@"
