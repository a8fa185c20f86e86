package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"onedoor/app/demo"
)

// PlayTrouble makes an organisation's simulated clinical system misbehave for a time in the demonstration that runs, and
// says what to look at. Modes are the simulator's, such as down, slow and ok.
func PlayTrouble(ctx context.Context, c Config, ods, mode string, lasting time.Duration, w io.Writer) error {
	text, err := os.ReadFile(filepath.Join(c.Data, demo.FileName))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no demonstration runs from %s: start one with make run", c.Data)
	}
	if err != nil {
		return err
	}
	var running struct {
		BaseURL       string `json:"base_url"`
		Organisations []struct {
			ODS    string `json:"ods_code"`
			Name   string `json:"name"`
			System struct {
				Faults string `json:"faults_url"`
			} `json:"clinical_system"`
		} `json:"organisations"`
	}
	if err := json.Unmarshal(text, &running); err != nil {
		return fmt.Errorf("%s cannot be read: %w", demo.FileName, err)
	}
	for _, o := range running.Organisations {
		if !strings.EqualFold(o.ODS, ods) {
			continue
		}
		ods = o.ODS
		fault := map[string]string{"mode": mode}
		if lasting > 0 {
			fault["for"] = lasting.String()
		}
		if err := post(ctx, o.System.Faults, fault); err != nil {
			return err
		}
		if mode == "ok" {
			fmt.Fprintf(w, "The system of %s (%s) is well again. What waited is filed within a minute: %s/operations/deliveries\n", o.Name, ods, running.BaseURL)
			return nil
		}
		fmt.Fprintf(w, "The system of %s (%s) is %s for %s. Record an outcome there, and watch it wait: %s/operations/deliveries\n", o.Name, ods, mode, lasting, running.BaseURL)
		fmt.Fprintf(w, "End it before: onedoor simulator outage %s --as ok\n", ods)
		return nil
	}
	return fmt.Errorf("the demonstration has no organisation with the ODS code %s", ods)
}

func post(ctx context.Context, address string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the simulator answers %s: %s", response.Status, answer)
	}
	return nil
}
