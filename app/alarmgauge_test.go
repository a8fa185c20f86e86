package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"onedoor/app/alarms"
	"onedoor/app/database/testdb"
	"onedoor/app/store/alarmstore"
)

func TestTheGaugeTellsTheOpenAlarmsOfAllNeighbourhoods(t *testing.T) {
	t.Parallel()
	service := alarms.New(alarmstore.New(testdb.New(t)), time.Now, nil)
	ours, theirs := uuid.New(), uuid.New()
	away := false
	registry := prometheus.NewRegistry()
	registry.MustRegister(newAlarmGauge(service, func(context.Context) ([]uuid.UUID, error) {
		if away {
			return nil, errors.New("the database is away")
		}
		return []uuid.UUID{ours, theirs}, nil
	}))
	read := func() map[string]float64 {
		t.Helper()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == "onedoor_alarms" && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetName() == "kind" {
					values[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
				}
			}
		}
		return values
	}
	if got := read(); len(got) != len(alarms.Kinds()) || got["rule-drift"] != 0 {
		t.Errorf("at first %v", got)
	}
	for _, neighbourhood := range []uuid.UUID{ours, theirs} {
		if err := service.Raise(t.Context(), alarms.Alarm{NeighbourhoodID: neighbourhood, Kind: alarms.RuleDrift, Subject: "a/b", Says: "It drifts."}); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(); got["rule-drift"] != 2 || got["policy-load"] != 0 {
		t.Errorf("after two rises %v", got)
	}
	if err := service.Clear(t.Context(), ours, alarms.RuleDrift, "a/b"); err != nil {
		t.Fatal(err)
	}
	if got := read(); got["rule-drift"] != 1 {
		t.Errorf("after one end %v", got)
	}
	if away = true; read()["rule-drift"] != 1 {
		t.Error("while the database is away it does not repeat what it saw")
	}
}
