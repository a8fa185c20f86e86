package intake

import (
	"encoding/json"
	"testing"

	"onedoor/app/catalogue"
)

func TestWhatIsSuggestedIsAskedAllTheSame(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("symptoms", ChannelWeb)
	one := func(code string) []catalogue.Value { return []catalogue.Value{catalogue.Text(code)} }
	err := l.Suggest(c, catalogue.Answers{
		"age-band": one("16-or-over"), "red-flags-adult": one("none"), "age": {catalogue.Int(30)}, "sex": one("male"), "pregnant": one("no"),
		"condition": one("earache"), "duration": one("never"), "nothing": one("x"), "describe": one("My ear hurts."), "safety": one("x"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Answers) != 0 || len(c.Suggested) != 2 {
		t.Fatalf("answers %v, suggested %v", c.Answers, c.Suggested)
	}
	kept, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back Conversation
	if err := json.Unmarshal(kept, &back); err != nil || len(back.Suggested) != 2 {
		t.Fatalf("stored and read back: %v, %v", back.Suggested, err)
	}

	l.wantAsk(c, "age-band")
	l.answer(c, "age-band", "16-or-over")
	l.wantAsk(c, "red-flags-adult")
	l.answer(c, "red-flags-adult", "none")
	step := l.wantKind(c, StepAsk)
	if step.Item.LinkID != "condition" || len(step.Values) != 0 || len(step.Suggested) != 1 || step.Suggested[0] != catalogue.Text("earache") {
		t.Fatalf("asks %s with %v, suggesting %v", step.Item.LinkID, step.Values, step.Suggested)
	}
	settled, _, err := l.Settled(c)
	if err != nil || len(settled["condition"]) != 0 {
		t.Errorf("what is suggested counts: %v, %v", settled, err)
	}
	l.answer(c, "condition", "sore-throat")
	if step := l.wantKind(c, StepAsk); step.Item.LinkID != "describe" || len(step.Suggested) != 1 {
		t.Errorf("then %s, suggesting %v", step.Item.LinkID, step.Suggested)
	}
	if len(c.Suggested["condition"]) != 0 {
		t.Error("what was answered is still suggested")
	}
	if err := l.Suggest(c, catalogue.Answers{"condition": one("earache")}); err != nil || len(c.Suggested["condition"]) != 0 {
		t.Errorf("what was answered is suggested again: %v", err)
	}
}

func TestAnAlarmInSuggestedWordsIsNoAlarmUntilTheyAreGiven(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	c := l.start("symptoms", ChannelWeb)
	if err := l.Suggest(c, catalogue.Answers{"describe": {catalogue.Text("chest pain")}}); err != nil {
		t.Fatal(err)
	}
	l.wantAsk(c, "age-band")
}
