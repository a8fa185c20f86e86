# Stops a server that nobody has used for a while. Arguments: the folder of the locks, the server's data folder, and how
# many seconds. One such script watches a folder; another leaves at once.
dir=$1 data=$2 seconds=$3
export data
exec 9>"$dir/idle.lock"
flock --nonblock 9 || exit 0
while [ -f "$data/postmaster.pid" ]; do
	flock --exclusive "$dir/users.lock" true
	sleep "$seconds"
	flock --nonblock "$dir/start.lock" flock --nonblock "$dir/users.lock" sh -c '
		pid=$(head -n 1 "$data/postmaster.pid") && grep --quiet --fixed-strings --text -e "$data" "/proc/$pid/cmdline" && kill -INT "$pid"' 2>/dev/null
done
