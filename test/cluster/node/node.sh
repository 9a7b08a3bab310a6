#!/bin/sh
# Holds one node in namespaces of its own: processes, mounts, network, cgroups, host name.
#
#   node.sh <directory> <cgroup>
#
# Standard input is a pipe whose other end only the starter holds. When it closes that end, or ends in whatever way
# (also by SIGKILL), process 1 of the node is killed; the kernel kills all others with it, unmounts what they had
# mounted and removes their network. What is left then are the empty cgroups and the directory, removed here.

directory=$1
cgroup=$2
exec 3<&0

unshare --mount --net --cgroup --pid --uts --ipc --fork --kill-child --mount-proc --propagation private \
  /bin/sh "$(dirname "$0")/inside.sh" "$directory" "$cgroup" </dev/null 3<&- &
node=$!

(
  read -r line <&3
  # Not unshare itself: it ends after process 1, which ends after all others.
  read -r first </proc/$node/task/$node/children
  kill -KILL ${first:-$node}
) &
watcher=$!
echo $node >"$directory/unshare.pid"

wait $node
kill -KILL $watcher
wait $watcher

# A cgroup whose last process has just ended may be busy for a moment.
attempts=50
while [ $attempts -gt 0 ]; do
  find /sys/fs/cgroup -depth -type d -path "*/$cgroup*" -exec rmdir {} \;
  [ -z "$(find /sys/fs/cgroup -type d -name "$cgroup")" ] && break
  attempts=$((attempts - 1))
  sleep 0.1
done 2>/dev/null
rm -rf -- "$directory"
