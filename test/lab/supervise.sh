#!/bin/sh
# Owns one lab host: its network namespace, the memory that its files live in, and its life.
# Started in mount and network namespaces of its own, so that everything ends with its processes.
#   $1 space: an empty folder, becomes a tmpfs        $2 base root, never written
#   $3 host name                                       $4 init command line
#   $5 "kept" or "lost": what happens to the root's changes at reboot
#   $6 cgroup name below each hierarchy                $7 the checkout, seen at /opt/regctl
#   $8 cgroup hierarchies, "version:options:mountpoint" separated by spaces
# Standard input: the line "boot" starts it; its end, also by the owner's death, stops it.
# Standard output: "prepared", then "init PID" for each boot and "ended CODE" for each end.
set -eu
space=$1 base=$2 cgroup=$6 hierarchies=$8
here=$(dirname "$0")

mount -t tmpfs -o "mode=755,size=4g" regctl-lab "$space"
mkdir "$space/files" "$space/upper" "$space/work" "$space/docker" "$space/persistent" "$space/root"

fill_cpuset() {
  cat "${1%/*}/cpuset.cpus" >"$1/cpuset.cpus"
  cat "${1%/*}/cpuset.mems" >"$1/cpuset.mems"
}

# "host" below it is what the host sees as the root of its cgroups; we and our helpers stay beside it.
for hierarchy in $hierarchies; do
  at=${hierarchy##*:}
  # The last host of another run may just be taking the common folder away.
  for attempt in 1 2 3 4 5; do
    ! mkdir -p "$at/$cgroup/outside" 2>/dev/null || break
    sleep 0.1
  done
  case $hierarchy in
  1:*cpuset*)
    for level in "$at/${cgroup%/*}" "$at/$cgroup" "$at/$cgroup/outside"; do fill_cpuset "$level"; done
    ;;
  2:*)
    for level in "$at" "$at/${cgroup%/*}" "$at/$cgroup"; do
      for controller in $(cat "$level/cgroup.controllers"); do
        echo "+$controller" >"$level/cgroup.subtree_control" 2>/dev/null || true
      done
    done
    ;;
  esac
  echo 0 >"$at/$cgroup/outside/cgroup.procs"
done

echo prepared
read -r order
[ "$order" = boot ] || exit 1

# The kind's own changes become a layer between the base and what the host writes.
mount -t overlay -o "lowerdir=$base,upperdir=$space/files,workdir=$space/work" overlay "$space/root"
mount -t proc proc "$space/root/proc"
chroot "$space/root" /bin/sh -e /.lab-prepare </dev/null >&2
umount "$space/root/proc" "$space/root"
rm -rf "$space/work" "$space/files/.lab-prepare"

# The cgroup namespace is made while in "host", the pid namespace's parent stays "outside".
boot() {
  for hierarchy in $hierarchies; do
    # What the last boot left, such as controllers switched on, would be in the way.
    branch=${hierarchy##*:}/$cgroup/host
    find "$branch" -depth -type d -exec rmdir {} + 2>/dev/null || true
    mkdir -p "$branch"
    case $hierarchy in
    1:*cpuset*) fill_cpuset "$branch" ;;
    2:*) mkdir -p "$branch/init.scope" ;; # Processes may only be in leaves; systemd takes this one for its own.
    esac
    echo 0 >"$branch/cgroup.procs"
  done
  exec setpriv --pdeathsig KILL -- unshare -C sh -euc '
    for hierarchy in $8; do echo 0 >"${hierarchy##*:}/$6/outside/cgroup.procs"; done
    exec unshare -m -p -f --kill-child -i -u --propagation private sh "$0" "$@"
  ' "$here/boot.sh" "$@" </dev/null
}

(
  while [ ! -e "$space/stopping" ]; do
    code=0
    (boot "$@") || code=$?
    echo "ended $code"
    # A reboot(2) inside a pid namespace ends its init with SIGHUP, a halt with SIGINT.
    [ "$code" = 129 ] || break
  done
) &
loop=$!

cat >/dev/null
: >"$space/stopping"
while kill -0 "$loop" 2>/dev/null; do
  # The kernel ends every process of the namespace before its init is gone.
  [ ! -s "$space/init.pid" ] || kill -KILL "$(cat "$space/init.pid")" 2>/dev/null || true
  sleep 0.05
done
