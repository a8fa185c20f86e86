package policy_test

import (
	"strings"
	"testing"

	"onedoor/policy"
)

func TestADecisionByTheLastGoodVersionSaysSoAndReplays(t *testing.T) {
	t.Parallel()
	p, d := riverside(t), newWorld().directory(t)
	live := policy.Decide(p, sore(), d, nil, london(t, "2026-11-23 10:00"))
	for name, of := range map[string]policy.Unloaded{
		"policy": {Policy: strings.Repeat("a", 64)}, "directory": {Directory: strings.Repeat("b", 64)},
		"both": {Policy: strings.Repeat("a", 64), Directory: strings.Repeat("b", 64)},
	} {
		stored := live.Instead(of)
		lines := len(stored.Because) - len(live.Because)
		if want := strings.Count(name, "policy") + strings.Count(name, "directory") + 2*strings.Count(name, "both"); lines != want {
			t.Errorf("%s: %d lines more, want %d: %q", name, lines, want, stored.Because)
		}
		if stored.PolicyHash != p.Hash() {
			t.Errorf("%s: it names %s as what decided", name, stored.PolicyHash)
		}
		again, err := policy.Replay(policy.Safety(), p, d, stored)
		if err != nil || !again.Equal(stored) {
			t.Errorf("%s: replay gives\n%+v, want\n%+v (%v)", name, again, stored, err)
		}
	}
	if same := live.Instead(policy.Unloaded{}); !same.Equal(live) {
		t.Errorf("nothing was unloaded, and it says %+v", same)
	}
}
