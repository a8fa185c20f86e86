//go:build peers

package jambonz_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"onedoor/app/channels/voice/webhook"
	"onedoor/app/channels/voice/webhook/hooktest"
)

// jambonz's own list of verbs and properties judges every answer of whole calls.
const verbSpecifications = "@jambonz/verb-specifications@0.1.13"

const judge = `
const {validate} = require('@jambonz/verb-specifications');
const logger = {info() {}, debug() {}, error() {}};
let given = '';
process.stdin.on('data', (part) => given += part).on('end', () => {
  for (const answer of JSON.parse(given)) validate(logger, answer);
});`

func TestPeerJambonzKnowsEveryVerb(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, verbSpecifications)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(folder, "judge.js"), []byte(judge), 0o600); err != nil {
		t.Fatal(err)
	}
	valid := func(answers [][]byte) error {
		raw := make([]json.RawMessage, len(answers))
		for i, a := range answers {
			raw[i] = a
		}
		input, err := json.Marshal(raw)
		if err != nil {
			return err
		}
		node := exec.CommandContext(t.Context(), "node", filepath.Join(folder, "judge.js"))
		node.Stdin = bytes.NewReader(input)
		out, err := node.CombinedOutput()
		if err != nil {
			t.Logf("%s", out)
		}
		return err
	}
	var answers [][]byte
	for _, prompts := range []webhook.Prompts{nil, hooktest.Beep{}} {
		w := newWorld(t, func(o *webhook.Options) { o.Prompts = prompts })
		if prompts == nil {
			p := w.ring().repeats().press("1").press("2")
			p.post(p.want("redirect").ActionHook, nil)
			answers = append(answers, *p.all...)
		}
		for _, keys := range []string{"1313511", "10", "131311"} { // words, a person, a sign of danger
			p := w.ring().press(keys)
			answers = append(answers, *p.all...)
		}
	}
	if len(answers) < 40 {
		t.Fatalf("only %d answers", len(answers))
	}
	if err := valid(answers); err != nil {
		t.Error(err)
	}
	if valid([][]byte{[]byte(`[{"verb":"gather","actionhook":"x"}]`)}) == nil {
		t.Error("the judge takes anything")
	}
}
