# Stops a server that nobody uses any more. Arguments: the folder of the locks, the server's data folder, its process
# id, and how many seconds nobody must have used it.
dir=$1 data=$2 pid=$3 seconds=$4
serving() {
	[ "$(head -n 1 "$data/postmaster.pid" 2>/dev/null)" = "$pid" ] && kill -0 "$pid" 2>/dev/null
}
export data pid
while serving; do
	flock --exclusive "$dir/users.lock" true
	sleep "$seconds"
	flock --nonblock "$dir/start.lock" flock --nonblock "$dir/users.lock" sh -c '
		[ "$(head -n 1 "$data/postmaster.pid" 2>/dev/null)" = "$pid" ] && kill -INT "$pid"'
done
