package espeak

import "os"

// environment is all that the program needs to know of ours: where its voices are, if that is said at all.
func environment() []string {
	kept := []string{"LANG=C.UTF-8", "HOME=/"}
	for _, name := range []string{"PATH", "ESPEAK_DATA_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}
