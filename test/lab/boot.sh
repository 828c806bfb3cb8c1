#!/bin/sh
# One boot of a lab host: the first process of new mount, pid, ipc, uts and cgroup namespaces.
# Arguments as for supervise.sh.
set -eu
space=$1 base=$2 name=$3 init=$4 changes=$5 cgroup=$6 checkout=$7 hierarchies=$8
root=$space/root

# /proc is still the outer one, so this is our pid as seen from outside.
read -r pid rest </proc/self/stat
: "$rest"

for hierarchy in $hierarchies; do
  leaf=${hierarchy##*:}/$cgroup/host
  case $hierarchy in 2:*) leaf=$leaf/init.scope ;; esac
  echo 0 >"$leaf/cgroup.procs"
done

[ "$changes" = kept ] || rm -rf "$space/upper"
rm -rf "$space/work"
mkdir -p "$space/upper" "$space/work"
mount -t overlay -o "lowerdir=$space/files:$base,upperdir=$space/upper,workdir=$space/work" overlay "$root"
# Overlays cannot be stacked on an overlay: the engine gets a folder of the tmpfs.
mkdir -p "$root/var/lib/docker"
mount --bind "$space/docker" "$root/var/lib/docker"
for folder in "$space"/persistent/*; do
  [ -d "$folder" ] || continue
  mkdir -p "$root/var/lib/${folder##*/}"
  mount --bind "$folder" "$root/var/lib/${folder##*/}"
done
mount --bind "$checkout" "$root/opt/regctl"
mount -o remount,bind,ro "$root/opt/regctl"

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# The kernel is shared with the machine: only the settings of the own network may be changed.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,rw "$root/proc/sys/net"
cp /proc/sys/kernel/random/uuid "$space/boot_id"
mount --bind "$space/boot_id" "$root/proc/sys/kernel/random/boot_id"
if [ -e "$root/proc/sysrq-trigger" ]; then
  mount --bind "$root/proc/sysrq-trigger" "$root/proc/sysrq-trigger"
  mount -o remount,bind,ro "$root/proc/sysrq-trigger"
fi
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
mknod -m 600 "$root/dev/console" c 1 3
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"

# The cgroup namespace shows the host its own branch as if it were everything.
groups=$root/sys/fs/cgroup
case $hierarchies in
2:*) mount -t cgroup2 cgroup2 "$groups" ;;
*)
  mount -t tmpfs -o mode=755 tmpfs "$groups"
  for hierarchy in $hierarchies; do
    options=${hierarchy#*:}
    options=${options%:*}
    case $hierarchy in
    1:*) at=$groups/${hierarchy##*/} type=cgroup ;;
    *) at=$groups/unified type=cgroup2 options=rw ;;
    esac
    mkdir "$at"
    mount -t "$type" -o "$options" "$type" "$at"
  done
  ;;
esac

# The network outlives a reboot; sysvinit's reboot takes its interfaces down.
for interface in lo eth0; do chroot "$base" ip link set "$interface" up; done

hostname "$name"
echo "$pid" >"$space/init.pid"
echo "init $pid"
cd "$root"
pivot_root . mnt
exec /usr/bin/env -i container=regctl-lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /bin/sh -c 'umount -l /mnt; exec "$@"' lab $init </dev/null >/dev/console 2>&1
