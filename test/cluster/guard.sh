#!/bin/sh
# Runs one command that must not outlive the process that started it.
#
#   guard.sh <directory> <command> [argument]...
#
# Standard input is a pipe whose other end only the starter holds. When the starter ends, in whatever way
# (also by SIGKILL), the kernel closes that end: then the command is killed and the directory, unless it is '',
# removed. Must lead a process group of its own. A shell rather than Node: 1 MiB, 2 ms, and the same on Linux
# and macOS.
#
# SIGTERM to the guard is passed on to the command; SIGTSTP stops the command and SIGCONT lets it go on, while the
# guard stays awake; SIGUSR2 kills the command and all that it has started. The exit code is the command's.

directory=$1
shift
exec 3<&0

end_all() {
  # One after the other, so that the command is reaped here and not left to init.
  kill -KILL $command $watcher
  wait $command $watcher
  kill -KILL 0
}
orphaned() {
  kill -KILL $command
  wait $command
  [ -z "$directory" ] || rm -rf -- "$directory"
  end_all
}
trap orphaned USR1
trap end_all USR2
trap 'kill -TERM $command' TERM
trap 'kill -STOP $command' TSTP
trap 'kill -CONT $command' CONT

"$@" </dev/null 3<&- &
command=$!

(
  read -r line <&3
  kill -USR1 $$
) &
watcher=$!

# A trapped signal ends `wait` early.
wait $command
code=$?
while kill -0 $command 2>/dev/null; do
  wait $command
  code=$?
done

kill -KILL $watcher
exit $code
