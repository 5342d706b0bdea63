#!/bin/sh
# A Redis for the tests, from the packages of this machine, when it has none. Nothing is left running.
set -eu
if command -v redis-server >/dev/null || command -v valkey-server >/dev/null; then
  exit 0
fi
SUDO=""
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then
  SUDO="sudo"
fi
if command -v apt-get >/dev/null; then
  $SUDO apt-get update -qq
  # As if the machine were starting up, so that the package does not start a service.
  $SUDO env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq redis-server >/dev/null
elif command -v dnf >/dev/null; then
  $SUDO dnf install -y -q valkey || $SUDO dnf install -y -q redis
elif command -v apk >/dev/null; then
  $SUDO apk add --quiet redis
elif command -v brew >/dev/null; then
  brew install --quiet redis
else
  echo "no package manager that is known here: install redis-server or valkey-server, and run this again" >&2
  exit 1
fi
