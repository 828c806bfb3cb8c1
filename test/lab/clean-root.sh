#!/bin/sh
# A root file system that nobody has used: the first process of new mount, pid, ipc and uts namespaces.
#   $1 space: an empty folder, becomes a tmpfs        $2 base root, never written
# Then four words for each thing that is put there: how, from where, where to, whose.
#   seen: read-only      layered: its own top folder, and what is written there goes elsewhere      copied
# Standard input: its end, also by the owner's death, ends everything. Standard output: "ready PID".
set -eu
space=$1 base=$2
shift 2

# /proc is still the outer one, so this is our pid as seen from outside.
read -r pid rest </proc/self/stat
: "$rest"

mount -t tmpfs -o mode=755 regctl-lab "$space"
root=$space/root
mkdir "$space/upper" "$space/work" "$root"
mount -t overlay -o "lowerdir=$base,upperdir=$space/upper,workdir=$space/work" overlay "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$root/dev/${node%:*}" c 1 "${node#*:}"; done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
chroot "$root" ip link set lo up

layers=0
while [ $# -gt 0 ]; do
  how=$1 from=$2 place=$3 owner=$4
  shift 4
  to=$root$place
  mkdir -p "${to%/*}"
  case $how in
  seen)
    if [ -d "$from" ]; then
      mkdir -p "$to"
    else
      rm -f "$to"
      : >"$to"
    fi
    mount --bind "$from" "$to"
    mount -o remount,bind,ro "$to"
    ;;
  layered)
    layers=$((layers + 1))
    layer=$space/layer-$layers
    mkdir -p "$to" "$layer/upper" "$layer/work"
    mount -t overlay -o "lowerdir=$from,upperdir=$layer/upper,workdir=$layer/work" overlay "$to"
    chroot "$root" chown "$owner:" "$place"
    ;;
  copied)
    cp -a "$from" "$to"
    chroot "$root" chown -R "$owner:" "$place"
    ;;
  esac
done

cd "$root"
pivot_root . mnt
# bash waits for children that others have left, as a first process must.
exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin /bin/bash -c 'umount -l /mnt; echo "ready $0"; read -r _' "$pid"
