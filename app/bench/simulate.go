package bench

import (
	"bytes"
	"errors"

	"onedoor/app/demo"
)

// Draft is riverside's policy with one rule changed that many requests meet: sore throats stay at the practice, and are
// less urgent. What moves costs more to count than what does not.
func Draft() ([]byte, error) {
	head, cases, found := bytes.Cut(demo.Riverside, []byte("\ncases:\n"))
	rule := []byte("- id: sore-throat\n")
	at := bytes.Index(head, rule)
	if !found || at < 0 || len(cases) == 0 {
		return nil, errors.New("riverside's policy has no rule for sore throats any more")
	}
	then := bytes.Index(head[at:], []byte("then: {"))
	end := bytes.IndexByte(head[at+then:], '\n')
	if then < 0 || end < 0 {
		return nil, errors.New("riverside's rule for sore throats sends nowhere")
	}
	draft := bytes.Clone(head[:at+then])
	draft = append(draft, "then: { to: registered-practice/queue:callbacks, urgency: routine }"...)
	return append(append(draft, head[at+then+end:]...), '\n'), nil
}
