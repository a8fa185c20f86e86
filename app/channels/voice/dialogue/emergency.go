package dialogue

import (
	"context"

	"onedoor/app/calls"
	"onedoor/app/catalogue"
	"onedoor/app/requests"
)

// stop ends a request with 999. What was answered is handed in first, so that it is recorded even if the caller is gone with
// the first word; when that fails they are told to call 999 all the same, and that nobody was told. A call is never put
// through to 999: that would show them this line and its address.
func (d *Driver) stop(ctx context.Context, s *State) (Turn, error) {
	s.Ending, s.Chosen, s.Menu = calls.Emergency, nil, ""
	ctx = context.WithoutCancel(ctx)
	kind, _ := d.catalogue.Kind(s.Talk.Kind)
	in, err := requests.OfConversation(kind, s.Talk)
	if err == nil {
		in = d.reachable(s, in)
		var receipt requests.Receipt
		receipt, err = requests.HandIn(ctx, d.requests, in)
		s.Sent = receipt.Reference
	}
	if err == nil {
		err = d.walker.Submit(s.Talk, string(s.Sent))
		d.keep(ctx, s)
	}
	if err != nil {
		d.failed(ctx, s, "an emergency could not be recorded in full", err)
	}
	return d.enter(ctx, s, stepEmergency)
}

// reachable adds the number that the call came from where the caller gave none, so that somebody can check on them. Nobody
// said that it is safe to text it, and so it is not.
func (d *Driver) reachable(s *State, in requests.Submission) requests.Submission {
	if in.Patient.Mobile == "" {
		in.Patient.Mobile = s.number()
	}
	return in
}

func (d *Driver) askEmergency(_ context.Context, s *State) (Turn, error) {
	say := d.emergencyWords(s, known(s.Language))
	if known(s.Language) != english {
		say = append(say, d.emergencyWords(s, english)...)
	}
	e := s.keys(1)
	e.Fixed = s.Silences == 0 && s.Wrong == 0
	return Turn{Say: append(say, d.say(s, "emergency-keys")), Expect: e}, nil
}

func (d *Driver) emergencyWords(s *State, language string) []Phrase {
	say := []Phrase{d.phrase(language, "emergency")}
	if d.crisis(s) {
		say = append(say, d.phrase(language, "crisis"))
	}
	if s.Sent == "" {
		return append(say, d.phrase(language, "emergency-not-told"))
	}
	return append(say, d.phrase(language, "emergency-told"))
}

// alarm is the answer that stops the request.
func (d *Driver) alarm(s *State) (catalogue.Alarm, bool) {
	kind, ok := d.catalogue.Kind(s.Talk.Kind)
	if !ok {
		return catalogue.Alarm{}, false
	}
	return kind.Questionnaire.Alarm(s.Talk.Answers, s.Talk.Known(d.today()))
}

// crisis reports whether the emergency is one of mental health, for which other help exists besides 999.
func (d *Driver) crisis(s *State) bool {
	alarm, found := d.alarm(s)
	return found && alarm.Crisis
}

func (d *Driver) keyEmergency(ctx context.Context, s *State, keys string) (Turn, error) {
	if keys == "1" {
		s.Talk, s.Token = nil, nil
		return d.enter(ctx, s, stepKind)
	}
	return Turn{}, refusal("wrong-key")
}

// endEmergency says it once more and frees the line, so that they can call.
func (d *Driver) endEmergency(_ context.Context, s *State) (Turn, error) {
	s.Step = stepEnd
	say := d.emergencyWords(s, known(s.Language))
	if known(s.Language) != english {
		say = append(say, d.emergencyWords(s, english)...)
	}
	return Turn{Say: say, Expect: Expect{Kind: ExpectEnd}}, nil
}
