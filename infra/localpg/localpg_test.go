package localpg_test

import (
	"context"
	"testing"
	"time"

	"onedoor/infra/localpg"
)

func TestTry(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		t0 := time.Now()
		c, err := localpg.Start(context.Background(), localpg.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		t.Log("start", time.Since(t0), c.RunsAs(), c.Dir(), c.AppURL())
		t0 = time.Now()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		t.Log("close", time.Since(t0))
	}
}
