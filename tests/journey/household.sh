#!/usr/bin/env bash
# A household for the journey, in a private network and with private mounts (so: as root, below
# `unshare -mn`): broker.lan and 192.168.1.10 are this machine, and Debian's mosquitto is
# configured by the commands that certgen printed. Lives until standard input ends.
#
# household.sh FOLDER    reads FOLDER/install.sh, the commands that were printed
set -euo pipefail
cd "$1"

ip link set lo up
ip address add 192.168.1.10/32 dev lo
printf '127.0.0.1 localhost\n192.168.1.10 broker.lan\n' >hosts
mount --bind hosts /etc/hosts

# As after `apt-get install mosquitto`, with nothing of this machine's own configuration.
mount -t tmpfs -o mode=755 tmpfs /etc/mosquitto
mount -t tmpfs -o mode=755 tmpfs /var/lib/mosquitto
mount -t tmpfs -o mode=755 tmpfs /var/log/mosquitto
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /etc/mosquitto/conf.d /run/mosquitto
chown mosquitto: /var/lib/mosquitto /var/log/mosquitto /run/mosquitto
cat >/etc/mosquitto/mosquitto.conf <<'CONFIGURATION'
pid_file /run/mosquitto/mosquitto.pid
persistence true
persistence_location /var/lib/mosquitto/
log_dest file /var/log/mosquitto/mosquitto.log
include_dir /etc/mosquitto/conf.d
CONFIGURATION

sudo() { "$@"; }
systemctl() {
  [ "$*" = "restart mosquitto" ]
  mosquitto -c /etc/mosquitto/mosquitto.conf &
  trap "kill $!" EXIT
}
set -x
# shellcheck disable=SC1091
. ./install.sh
set +x

for _ in $(seq 200); do
  if (: </dev/tcp/127.0.0.1/8883) 2>/dev/null; then
    echo ready
    cat >/dev/null
    exit
  fi
  sleep 0.05
done
cat /var/log/mosquitto/mosquitto.log >&2
exit 1
