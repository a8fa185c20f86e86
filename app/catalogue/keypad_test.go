package catalogue

import (
	"testing"
)

func TestEveryAnswerCanBeKeyedOrSpoken(t *testing.T) {
	t.Parallel()
	for _, k := range mustLoad(t).Kinds() {
		for _, it := range k.Questionnaire.Questions() {
			if !it.Asked() {
				continue
			}
			if it.Say == "" || it.Key.Kind == "" {
				t.Errorf("%s: %s cannot be said or keyed", k.Code, it.LinkID)
			}
			for _, v := range everyValue(it) {
				keys := it.Keys(v)
				back, err := it.ParseKeys(keys)
				if err != nil || back != v {
					t.Errorf("%s: %s: %v is keyed %q and read as %v (%v)", k.Code, it.LinkID, v, keys, back, err)
				}
			}
			checkMenu(t, k.Code+": "+it.LinkID, it.Menu())
		}
	}
	checkMenu(t, "kinds", mustLoad(t).Menu())
}

func everyValue(it *Item) []Value {
	switch it.Type {
	case TypeBoolean:
		return []Value{Bool(true), Bool(false)}
	case TypeInteger:
		return []Value{Int(int64(*it.Min)), Int(int64(*it.Max))}
	case TypeDate:
		return []Value{Text("2028-02-29"), Text("2026-12-01")}
	case TypeChoice:
		var values []Value
		for _, o := range it.Options {
			values = append(values, Text(o.Code))
		}
		return values
	}
	return nil
}

func checkMenu(t *testing.T, name string, entries []MenuEntry) {
	t.Helper()
	if len(entries) > menuMost {
		t.Errorf("%s has %d keys in one menu", name, len(entries))
	}
	for i, e := range entries {
		if want := byte('1' + i); e.Key[len(e.Key)-1] != want || e.Say == "" || (e.Code == "") != (len(e.Entries) > 0) {
			t.Errorf("%s: entry %d is %+v", name, i, e)
		}
		checkMenu(t, name+" "+e.Say, e.Entries)
	}
}

func TestKeysThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	q := mustKind(t, "repeat-prescription")
	for _, tt := range []struct{ linkID, keys string }{
		{"side-effects", "3"},
		{"side-effects", ""},
		{"medicines", "9"},
		{"medicines", "11"},
		{"red-flags-adult", "1"},
		{"red-flags-adult", "14"},
		{"days-left", ""},
		{"days-left", "100"},
		{"days-left", "-1"},
		{"days-left", "*"},
		{"medicine-names", "1"},
	} {
		it, _ := q.Item(tt.linkID)
		if v, err := it.ParseKeys(tt.keys); err == nil {
			t.Errorf("%s: %q is read as %v", tt.linkID, tt.keys, v)
		}
	}
	date, _ := mustKind(t, "test-results").Item("test-date")
	for _, keys := range []string{"30022026", "2702202", "270220266", "00000000", "abcdefgh"} {
		if v, err := date.ParseKeys(keys); err == nil {
			t.Errorf("%q is read as %v", keys, v)
		}
	}
	none, _ := q.Item("red-flags-adult")
	if o, _ := none.Option(None); o.Key != "5" {
		t.Errorf("none of these is key %s", o.Key)
	}
}
