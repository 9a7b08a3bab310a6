#!/bin/sh
# Process 1 of a node. Prepares mounts and network of its namespaces, says that it is ready, and stays.
#
#   inside.sh <directory> <cgroup>
set -eu
directory=$1
cgroup=$2

# The kubelet's mounts must be seen by containers. Nothing gets out: unshare has cut the tree off from the host.
mount --make-rshared /

# Control groups as containerd and the kubelet expect them: each hierarchy mounted, rooted where this process is.
umount -l -R /sys/fs/cgroup
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
while IFS=: read -r number controllers path; do
  case $number:$controllers in
  0:) continue ;;
  *:name=*)
    options=none,$controllers
    at=${controllers#name=}
    ;;
  *)
    options=$controllers
    at=$controllers
    ;;
  esac
  mkdir "/sys/fs/cgroup/$at"
  mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/$at"
  mkdir -p "/sys/fs/cgroup/$at/$cgroup"
  for name in $(echo "$at" | tr , ' '); do
    [ -e "/sys/fs/cgroup/$name" ] || ln -s "$at" "/sys/fs/cgroup/$name"
  done
  case ,$controllers, in
  *,cpuset,*)
    # A new cpuset is empty, and an empty one takes no process.
    for file in cpuset.cpus cpuset.mems; do
      cat "/sys/fs/cgroup/$at/$file" >"/sys/fs/cgroup/$at/$cgroup/$file"
    done
    ;;
  esac
done </proc/self/cgroup

# What the kubelet, containerd and the network plugins write at fixed places stays in the directory.
mount -t tmpfs -o mode=755 tmpfs /run
for name in lib log; do
  mkdir -p "$directory/var/$name" "$directory/var/$name.work"
  mount -t overlay -o "lowerdir=/var/$name,upperdir=$directory/var/$name,workdir=$directory/var/$name.work" \
    overlay "/var/$name"
done

# The kubelet demands these settings, which are the whole machine's. It gets files to read; the machine keeps its own.
mkdir "$directory/sysctl"
while read -r file value; do
  echo "$value" >"$directory/sysctl/$(basename "$file")"
  mount --bind "$directory/sysctl/$(basename "$file")" "/proc/sys/$file"
done <<EOF
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
EOF

# The node's address on a bridge of its own, and the address of the Service `kubernetes`, which a relay serves.
ip link set lo up
ip link add node0 type bridge
ip address add 10.99.0.1/24 dev node0
ip address add 10.0.0.1/32 dev node0
ip link set node0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
hostname node

touch "$directory/inside.ready"
while :; do
  sleep 3600 &
  wait $!
done
