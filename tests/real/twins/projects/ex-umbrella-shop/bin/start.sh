#!/bin/sh
set -e
echo "starting with $(elixir --short-version)"
exec elixir --sname shop --erl "-kernel inet_dist_listen_min 9100" --no-halt -S mix run --no-compile
