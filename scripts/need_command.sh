#!/bin/sh
# Have a command that tests need, of a Debian package: need_command.sh java default-jre-headless
set -eu
command=$1
package=$2
if command -v "$command" >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
fi
if ! command -v "$command" >/dev/null 2>&1; then
    echo "this needs the command $command; on Debian: apt-get install $package" >&2
    exit 1
fi
