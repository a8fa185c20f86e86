package line_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"onedoor/app/channels/voice/line"
	"onedoor/app/channels/voice/line/linetest"
)

func TestTwentyCallsAtOnceEachHeardToTheLastDigit(t *testing.T) {
	t.Parallel()
	const calls = 20
	var mu sync.Mutex
	got := map[string]string{} // by the caller
	r := start(t, func(ctx context.Context, call line.Call) error {
		keys := collect(ctx, call, '#')
		number, _ := call.Caller()
		mu.Lock()
		defer mu.Unlock()
		got[string(number)] += keys
		return nil
	})
	want := map[string]string{}
	phones := make([]*linetest.Telephone, calls)
	rows := "SEQUENTIAL\n"
	for i := range calls {
		phones[i] = linetest.NewTelephone(t)
		number := fmt.Sprintf("+4477009001%02d", i)
		want[number] = fmt.Sprintf("9434765%03d*%02d%04d#", i*7, i, i*i)
		rows += fmt.Sprintf("%s;%s\n", number, phones[i].Port())
	}
	file := filepath.Join(t.TempDir(), "calls.csv")
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- r.trySipp(t, "concurrent", "-inf", file, "-m", fmt.Sprint(calls), "-l", fmt.Sprint(calls), "-r", fmt.Sprint(10*calls))
	}()
	eventually(t, "all calls stand", func() bool { return r.Stats().Answered == calls && r.Stats().Active == calls })
	var keying sync.WaitGroup
	for i, phone := range phones {
		keying.Go(func() {
			phone.Hear(t)
			phone.Quiet(t)
			phone.Key(t, want[fmt.Sprintf("+4477009001%02d", i)])
		})
	}
	keying.Wait()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	eventually(t, "all calls are over", func() bool { return r.Stats().Active == 0 })
	mu.Lock()
	defer mu.Unlock()
	for number, keys := range want {
		if got[number] != keys {
			t.Errorf("%s keyed %q, and %q was heard", number, keys, got[number])
		}
	}
	if len(got) != calls {
		t.Errorf("%d callers were heard", len(got))
	}
}

func TestSeveralLinesAndOnesThatAreLookedUp(t *testing.T) {
	t.Parallel()
	names := make(chan string, 8)
	r := start(t, func(_ context.Context, call line.Call) error {
		names <- call.Line().Name
		return nil
	}, func(c *line.Config) {
		c.Lines = append(c.Lines, line.Line{Name: "01514960123"})
		c.Find = func(_ context.Context, name string) (line.Line, bool) {
			return line.Line{Name: "A81001"}, name == "a81001"
		}
	})
	for service, want := range map[string]string{"RiverSide": "riverside", "+441514960123": "01514960123", "A81001": "A81001"} {
		if err := r.trySipp(t, "answered", "-s", service); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-names:
			if got != want {
				t.Errorf("%s reached the line %s", service, got)
			}
		case <-time.After(patience):
			t.Fatal("no call came")
		}
	}
	r.sipp(t, "unknown", "-s", "hillside")
}
