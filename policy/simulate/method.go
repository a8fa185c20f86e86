package simulate

// methodOf says how what is not recorded was estimated, for those who read the figures.
func methodOf(m Mode) []string {
	if m == ClosedLoop {
		return []string{
			"Closed loop: requests are decided in order of time, and the load of a service is what this simulation has sent to it and not yet answered. It begins with empty queues.",
			"Each queue answers first come, first served, in the hours of the week in which it answered anything in the period, and as many in such an hour as it did in nine of ten of them. A queue that answered nothing in the period keeps what it is sent until the answer is due, and is left out of waits and lateness.",
			"Waits and lateness on both sides come from this model, and not from what was recorded: compare them with each other only.",
		}
	}
	return []string{
		"Recorded load: each request is decided by itself, with the load of services as it was when it came. What the draft would have done to the load of the next request is not followed.",
		"Where both versions agree, a request waits as long as it did. Where they differ, it waits on each side as long as was typical: the median time in which that queue answered requests of that urgency in the period, or all its requests where it answered none of that urgency.",
		"A request is late when it is answered after its answer was due. Requests to queues that answered nothing in the period are left out of waits and lateness.",
	}
}
