#!/bin/bash
# Starts the queue with options for small machines.
cd "$(dirname "$0")/.."
exec java ${JAVA_OPTS:-} -cp classes queue.Queue etc/tickets.txt
