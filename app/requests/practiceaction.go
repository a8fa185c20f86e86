package requests

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"onedoor/app/catalogue"
	"onedoor/app/fault"
	"onedoor/app/patients"
	"onedoor/policy"
	"onedoor/tenants"
)

// mostAction is how much can be asked of a practice, in characters.
const mostAction = 1000

// checkAction refuses what cannot be asked of the registered practice: too long, or asked of nobody else.
func checkAction(r *Request, action string) (string, error) {
	action = strings.TrimSpace(action)
	refuse := func(code, says string) (string, error) {
		return "", fault.InvalidFields([]fault.Field{{Pointer: "/practice_action", Code: code, Says: says}})
	}
	switch {
	case action == "":
		return "", nil
	case utf8.RuneCountInString(action) > mostAction || !utf8.ValidString(action):
		return refuse("too_long", "What the practice is to do must be 1,000 characters or fewer.")
	case r.PracticeID == uuid.Nil:
		return refuse("no_practice", "The patient is registered with no practice here. Ring the practice that they name.")
	case r.PracticeID == r.Place.Organisation:
		return refuse("own_practice", "The patient is registered with your own practice. Keep the request open, or raise its urgency.")
	}
	return action, nil
}

// askPractice puts before the registered practice's people what another organisation asks it to do urgently: a document in
// a record may be read tomorrow. It is a callback request of its own, urgent, in the practice's queue, stored with the
// outcome or not at all.
func (s *Service) askPractice(tx Tx, by Actor, r *Request, outcome, action string, rules Rules, at time.Time) (Reference, error) {
	kind, ok := s.catalogue.Kind(callbackKind)
	practice, there := rules.Directory.Organisation(r.PracticeID)
	if !ok || !there {
		return "", fault.New(fault.Conflict, "no_practice_queue", "The patient's practice has no queue for this. Ring the practice.")
	}
	from, _ := rules.Directory.Organisation(r.Place.Organisation)
	words := from.Name + " asks the practice to act. About request " + r.Reference.Spaced() + ", " + outcome + ": " + action
	answer, err := json.Marshal(words)
	if err != nil {
		return "", err
	}
	known := knownOf(r.Patient, patients.Patient{}, false, at)
	answers, _, err := kind.Questionnaire.ParseAnswers(map[string]json.RawMessage{"describe": answer}, known)
	if err != nil {
		return "", err
	}
	decision := rules.decide(s.factsForPractice(kind, answers, known, practice), nil, at)
	task, err := s.taskOf(r, kind, answers, decision, by, at)
	if err != nil {
		return "", err
	}
	if task.Place.Organisation != practice.ID {
		if task.Place, err = placeAt(rules.Directory, practice, "", callbackKind); err != nil {
			return "", err
		}
		task.HomeID, task.HomeQueueID, task.Destination = practice.ID, task.Place.Queue, task.Place
	}
	past := pastOf(task, Submission{Channel: r.Channel, Language: r.Language}, prepared{decision: decision}, nil)
	if err := tx.InsertElsewhere(task, decision, past); err != nil {
		return "", err
	}
	entry := s.entry(by.Actor, "request.ask_practice", task, map[string]any{"about": r.Reference, "from": r.Place.Organisation})
	tx.Audit(entry)
	tx.Announce(task)
	return task.Reference, s.file(tx, task, nil, rules.Directory, by.Actor, at)
}

// factsForPractice keep the task with the practice: nobody else is asked.
func (s *Service) factsForPractice(kind *catalogue.Kind, answers catalogue.Answers, known catalogue.Known, practice tenants.Organisation) policy.Facts {
	facts := kind.Questionnaire.Facts(answers, known)
	facts["registration"] = policy.Text("here")
	facts["registered-practice"] = policy.Text(string(practice.ODS))
	facts["own-practice-only"] = policy.Text("yes")
	return facts
}

// taskOf is urgent whatever the rules make of a callback: a person said so.
func (s *Service) taskOf(r *Request, kind *catalogue.Kind, answers catalogue.Answers, d policy.Decision, by Actor, at time.Time) (*Request, error) {
	reference, err := NewReference(s.random)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	task := &Request{
		ID: id, NeighbourhoodID: r.NeighbourhoodID, Reference: reference, Version: 1, Kind: callbackKind, Channel: r.Channel, Language: r.Language, Status: Queued,
		Patient: r.Patient, PatientID: r.PatientID, PracticeID: r.PracticeID, Proxy: r.Proxy,
		Questionnaire: kind.Questionnaire.Version(), Answers: answers,
		Urgency: d.Urgency, AnswerDue: d.AnswerDue, CareDue: d.CareDue,
		HomeID: d.Home.Organisation, HomeQueueID: d.Home.Queue, Place: d.Home, Destination: d.Destination,
		SubmittedBy: by.Actor, FirstContactAt: at, SubmittedAt: at, UpdatedAt: at,
	}
	if task.Urgency.Rank() < policy.Urgent.Rank() {
		task.Urgency = policy.Urgent
	}
	if due := policy.AnswerDue(policy.Urgent, at); due.Before(task.AnswerDue) {
		task.AnswerDue = due
	}
	return task, nil
}
