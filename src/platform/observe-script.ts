/** Shell functions of scripts that print frames (see `parse-frames.ts`): `show PATH` prints a file as it is found. */
export const showScript = `
say() { printf '%s %d\\n%s\\n' "$1" "\${#2}" "$2"; }
raw() { n=$(wc -c < "$2" 2>/dev/null) || return 0; printf '%s %d\\n' "$1" "$n"; cat "$2" 2>/dev/null; echo; }
linked() { [ -L "$1" ] || [ -L "\${1%/*}" ]; }
show() {
  t=$1
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then
    linked "\${1%/*}" && d=$(cd "\${1%/*}/" 2>/dev/null && pwd -P) && t=\${d%/}/\${1##*/}
    say file "$1|$t|absent||0|0|0"; return 0
  fi
  if linked "$1" || linked "\${1%/*}"; then t=$(readlink -f "$1" 2>/dev/null) || t=$1; fi
  if [ ! -e "$1" ]; then say file "$1|\${t:-$1}|absent||0|0|0"; return 0; fi
  m=$(stat -L -c '%a|%u|%g|%Y|%s' "$1" 2>/dev/null || stat -L -f '%Lp|%u|%g|%m|%z' "$1" 2>/dev/null) || m='|0|0|0|0'
  if [ -f "$1" ] && [ -r "$1" ]; then
    say file "$1|$t|present|\${m%|*}"; printf 'content %d\n' "\${m##*|}"; cat "$1" 2>/dev/null; echo
  else say file "$1|$t|unreadable|\${m%|*}"; fi
}
`;

/**
 * The one program that looks at a host. POSIX sh, made for busybox ash as well as dash and bash: one connection,
 * one round trip, nothing written. It prints frames `NAME LENGTH\n<bytes>\n` (see `parse-frames.ts`), so file
 * contents pass unharmed. A program started costs a small host more than all the rest, so what the shell can do by
 * itself it does.
 *
 * Arguments: the engine's socket, the folder of our journal, then the files to show, `~/` for the login's own. A daemon
 * without root may have a network of its own, where its sockets are listed. Files that the running
 * daemon or its unit name (`--config-file`, drop-ins, environment files) are shown as well, and so are those of Colima's
 * machines, in the first of its folders that is there.
 */
export const observeScript = `
LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin:/opt/rke2/bin; export PATH
socket=$1; journal=$2; shift 2
nl='
'
${showScript}
here=$(stat -L -c '%d:%i' / 2>/dev/null)
daemon() {
  p=$1
  words=$(tr '\\0' '\\n' < "/proc/$p/cmdline" 2>/dev/null) || words=
  second=\${words#*"$nl"}; second=\${second%%"$nl"*}
  case $2/$second in
    dockerd/*|dockerd-*/*|*/-d|*/daemon|*/--daemon) ;;
    *) return 0 ;;
  esac
  u=$(stat -c %u "/proc/$p" 2>/dev/null) || u=0
  own=unknown
  sockets=$inodes
  [ -n "$sockets" ] || [ "$u" = 0 ] || sockets=$(listening "/proc/$p/net/unix")
  if fds=$(ls -l "/proc/$p/fd" 2>/dev/null); then
    own=no
    for i in $sockets; do case $fds in *"socket:[$i]"*) own=yes ;; esac; done
  fi
  same=unknown
  r=$(stat -L -c '%d:%i' "/proc/$p/root" 2>/dev/null) && { [ "$r" = "$here" ] && same=yes || same=no; }
  x=$(readlink "/proc/$p/exe" 2>/dev/null) || x=
  read -r line < "/proc/$p/stat" || line=
  set -- \${line##*") "}
  found=1
  say daemon "$p|$u|$own|$same|\${20-}|$x"
  say cmdline "$words"
  if [ "$u" != 0 ] && set=$(tr '\\0' '\\n' < "/proc/$p/environ" 2>/dev/null); then
    c=$(printf '%s\\n' "$set" | sed -n 's/^XDG_CONFIG_HOME=\\(..*\\)/\\1/p')
    [ -n "$c" ] || c=$(printf '%s\\n' "$set" | sed -n 's/^HOME=//p')/.config
    say config "$c"
    more="$more$nl$c/docker/daemon.json"
  fi
  follows=
  while IFS= read -r w; do
    [ -n "$follows" ] && more="$more$nl$w"
    follows=
    case $w in --config-file=*) more="$more$nl\${w#*=}" ;; --config-file) follows=1 ;; esac
  done <<END
$words
END
  return 0
}
say now "$(date +%s)"
say boot "$(sed -n 's/^btime //p' /proc/stat)"
for f in /etc/os-release /usr/lib/os-release; do [ -r "$f" ] && { say os-release "$(cat "$f")"; break; }; done
init=none
if [ -d /run/systemd/system ]; then init=systemd
elif [ -x /sbin/openrc-run ] || [ -x /usr/sbin/openrc-run ]; then init=openrc
elif [ -f /etc/init/docker.conf ] && /sbin/init --version 2>/dev/null | grep -q upstart; then init=upstart
elif [ -e /etc/init.d/docker ] || [ -e /etc/inittab ]; then init=sysvinit; fi
say init "$init"
{ [ -f /.dockerenv ] || [ -f /run/.containerenv ]; } && say marker container
read -r kernel < /proc/sys/kernel/osrelease && case $kernel in *[Mm]icrosoft*) say marker wsl ;; esac
[ -d /var/snap/docker ] && say marker snap
[ -f /etc/synoinfo.conf ] && say marker synology
[ -d /var/lib/boot2docker ] && say marker boot2docker
[ -f /etc/rc.d/init.d/functions ] && say marker rhel-init
[ -S "$socket" ] && say socket present || say socket absent
target=$socket
[ -L "$socket" ] && target=$(readlink -f "$socket" 2>/dev/null)
case $target in *podman*) say marker podman-as-docker ;; esac
for c in podman buildah skopeo containerd nerdctl crictl kubelet crio k3s rke2 buildkitd kind minikube; do command -v "$c" >/dev/null && say marker "$c"; done
for f in "\${REGCTL_HOME:-$HOME}"/.docker/buildx/instances/*; do [ -f "$f" ] && { say marker buildx; break; }; done
listening() { awk -v a="$socket" -v b="$target" '$4 == "00010000" && ($8 == a || $8 == b || "/var" $8 == a) { print $7 }' "$1" 2>/dev/null; }
inodes=$(listening /proc/net/unix)
more=; found=
for p in /proc/[0-9]*; do
  read -r c < "$p/comm" || continue
  case $c in docker*) daemon "\${p#/proc/}" "$c" ;; esac
done 2>/dev/null
for f in /var/run/docker.pid /run/docker.pid; do [ -r "$f" ] && { read -r pid < "$f"; say pidfile "$pid"; break; }; done
if [ $init = systemd ]; then
  unit=$(systemctl show docker.service -p Id -p LoadState -p ActiveState -p MainPID -p FragmentPath -p DropInPaths -p EnvironmentFiles -p ExecStart -p ExecReload 2>/dev/null)
  say unit "$unit"
  while IFS= read -r line; do
    case $line in
      EnvironmentFile=*|EnvironmentFiles=*) line=\${line#*=}; more="$more$nl\${line%% (*}" ;;
      FragmentPath=*) more="$more$nl\${line#*=}" ;;
      DropInPaths=*) for f in \${line#*=}; do more="$more$nl$f"; done ;;
    esac
  done <<END
$unit
END
fi
{ [ -n "$found" ] && [ "$(id -u)" = 0 ]; } || say version "$(dockerd --version 2>/dev/null || { [ -n "$found" ] && docker --version 2>/dev/null; })"
h=\${REGCTL_HOME:-$HOME}; c=\${COLIMA_HOME:-}
[ -d "$c" ] || c=$h/.colima
[ -d "$c" ] || c=\${XDG_CONFIG_HOME:-$h/.config}/colima
for f in "$c"/*/colima.yaml; do [ -f "$f" ] && more="$more$nl$f"; done
shown=
for f in "$@"; do
  case $f in "~/"*) f=\${REGCTL_HOME:-$HOME}/\${f#"~/"} ;; esac
  shown="$shown$nl$f"; show "$f"
done
while IFS= read -r f; do
  case "$nl$shown$nl" in *"$nl$f$nl"*) continue ;; esac
  shown="$shown$nl$f"; [ -n "$f" ] && show "$f"
done <<END
$more
END
for f in "$journal"/journal/*.json "\${REGCTL_HOME:-$HOME}"/.local/state/regctl/host/journal/*.json; do [ -r "$f" ] && { say entry "\${f##*/}"; raw content "$f"; }; done
say end ok
`;
