# Stops a server that nobody has used for a while. Arguments: the folder of the locks, the server's data folder, and how
# many seconds. One such script watches a folder; another leaves at once.
dir=$1 data=$2 seconds=$3
export data
serving='pid=$(head -n 1 "$data/postmaster.pid") && grep --quiet --fixed-strings --text -e "$data" "/proc/$pid/cmdline"'
exec 9>"$dir/idle.lock" 2>/dev/null
flock --nonblock 9 || exit 0
while eval "$serving"; do
	flock --exclusive "$dir/users.lock" true
	sleep "$seconds"
	flock --nonblock "$dir/start.lock" flock --nonblock "$dir/users.lock" sh -c "$serving"' && kill -INT "$pid" || exit
		while [ -f "$data/postmaster.pid" ]; do sleep 0.1; done'
done
