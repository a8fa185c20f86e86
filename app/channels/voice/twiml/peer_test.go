//go:build peers

package twiml_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/app/channels/voice/webhook/hooktest"
)

// Twilio's library for Node signs what we then have to believe. Its version is the newest that was looked at.
const twilioLibrary = "twilio@6.2.0"

const signer = `
const twilio = require('twilio');
let given = '';
process.stdin.on('data', (part) => given += part).on('end', () => {
  const {token, address, form} = JSON.parse(given);
  process.stdout.write(twilio.getExpectedTwilioSignature(token, address, form));
});`

func TestPeerTwiliosLibrarySigns(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, twilioLibrary)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(folder, "sign.js"), []byte(signer), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for name, form := range map[string]url.Values{
		"the first post": {"CallSid": {"CA1"}, "From": {hooktest.From}, "To": {"+441632960999"}, "CallStatus": {"ringing"}},
		"odd characters": {"CallSid": {"CA2"}, "CallerName": {"Zoë & Ünal <x> 100% = é+ ✓"}, "Empty": {""}, "a": {"1"}, "B": {"2"}},
	} {
		fields := map[string]string{}
		for k, v := range form {
			fields[k] = v[0]
		}
		address := w.URL + "/voice/twiml/riverside"
		input, err := json.Marshal(map[string]any{"token": hooktest.Token, "address": address, "form": fields})
		if err != nil {
			t.Fatal(err)
		}
		node := exec.CommandContext(t.Context(), "node", filepath.Join(folder, "sign.js"))
		node.Stdin = bytes.NewReader(input)
		signature, err := node.Output()
		if err != nil {
			t.Fatal(err)
		}
		if status, body := w.send(address, strings.TrimSpace(string(signature)), form); status != 200 || !strings.Contains(body, "<Gather") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}
