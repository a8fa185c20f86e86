package reception

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/recordings"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/app/wording"
	"onedoor/tenants"
	"onedoor/ui/pages"
)

// Recordings are what callers said in place of writing. It is recordings.Service.
type Recordings interface {
	OfRequest(ctx context.Context, by requests.Actor, reference requests.Reference) ([]recordings.Recording, error)
	Audio(ctx context.Context, by requests.Actor, reference requests.Reference, id uuid.UUID) ([]byte, error)
	Hear(ctx context.Context, by requests.Actor, reference requests.Reference, id uuid.UUID) (recordings.Recording, error)
}

// spokenTo finds the request and the recording that a path names.
func spokenTo(c echo.Context) (requests.Reference, uuid.UUID, error) {
	reference, err := requests.ParseReference(c.Param("reference"))
	if err != nil {
		return "", uuid.Nil, fault.Absent()
	}
	id, err := uuid.Parse(c.Param("recording"))
	if err != nil {
		return "", uuid.Nil, fault.Absent()
	}
	return reference, id, nil
}

// sound answers with a recording, or with the part of it that a player asks for. It is stored nowhere on the way.
func (w *Workspace) sound(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	reference, id, err := spokenTo(c)
	if err != nil {
		return err
	}
	wav, err := w.Recordings.Audio(k.ctx(), k.by, reference, id)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Type", "audio/wav")
	c.Response().Header().Set("Content-Disposition", "inline")
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(wav))
	return nil
}

const heardCommand = "heard"

// heard marks a recording as heard, and shows the request again.
func (w *Workspace) heard(c echo.Context) error {
	k, err := w.call(c)
	if err != nil {
		return err
	}
	reference, id, err := spokenTo(c)
	if err != nil {
		return err
	}
	form, err := routes.ReadForm(c)
	if err != nil {
		return err
	}
	k.list = parseList(form)
	if _, err := w.Recordings.Hear(k.ctx(), k.by, reference, id); err != nil {
		return w.refused(k, reference, attempt{form: heardCommand, sent: form, attended: true}, err, false)
	}
	view, err := w.Requests.Get(k.ctx(), k.by, reference)
	if err != nil {
		return err
	}
	return w.succeeded(k, view, heardCommand, false)
}

// spoken are the lines of what was said. Recordings that cannot be read now keep nobody from the request.
func (w *Workspace) spoken(k *call, v requests.View) []pages.RecordingLine {
	if len(v.Staff.Recordings) == 0 && v.Staff.Incomplete == nil {
		return nil
	}
	list, err := w.Recordings.OfRequest(k.ctx(), k.by, v.Reference)
	if err != nil {
		return []pages.RecordingLine{{
			Question: "What was said by telephone", State: pages.Label{Text: "Not to be had", Colour: "red"}, Says: "The recordings of this request cannot be read now. Try again, or ring the patient.",
		}}
	}
	lines := make([]pages.RecordingLine, len(list))
	for i, r := range list {
		lines[i] = w.recordingLine(k, v, r)
	}
	return lines
}

func (w *Workspace) recordingLine(k *call, v requests.View, r recordings.Recording) pages.RecordingLine {
	address := root + "/requests/" + string(v.Reference) + "/recordings/" + r.ID.String()
	l := pages.RecordingLine{
		Question: w.questionOf(v, r.LinkID), Length: fmt.Sprintf("%d:%02d", int(r.Length.Minutes()), int(r.Length.Seconds())%60),
		State: pages.Label{Text: "Not heard yet", Colour: "yellow"}, Audio: address, By: r.TranscriptBy,
		Says: "Kept until " + day(nhs.DateOf(r.KeptUntil.In(tenants.London()))) + ", and for as long as the request is open.",
	}
	if r.Transcript != "" {
		l.Transcript = paragraphs(r.Transcript)
	}
	if !r.HeardAt.IsZero() {
		l.State = pages.Label{Text: "Heard", Colour: "green"}
		l.Says = "Heard by " + r.HeardBy + ", " + wording.ShortMoment(r.HeardAt, k.now) + ". " + l.Says
	} else if k.mayAny("claim", v) {
		l.Hear = address + "/" + heardCommand
	}
	if r.Gone {
		l.Audio, l.Hear = "", ""
		l.Says = "The recording was removed: it was kept until " + day(nhs.DateOf(r.KeptUntil.In(tenants.London()))) + "."
		if r.HeardAt.IsZero() {
			l.Says += " Nobody had marked it as heard."
		} else {
			l.Says += " " + r.HeardBy + " had heard it."
		}
	}
	return l
}

// mayAny reports whether this person may do something where the request stands or is offered.
func (k *call) mayAny(action string, v requests.View) bool {
	return k.mayIn(k.organisation(v.Accountable), action) || (v.Offered != nil && k.mayIn(k.organisation(v.Offered.Named), action))
}

// questionOf is the question that a recording answers: the request's own, or that of the one that was begun.
func (w *Workspace) questionOf(v requests.View, linkID string) string {
	if i := v.Staff.Incomplete; i != nil {
		for _, a := range i.Answers {
			if a.LinkID == linkID {
				return a.Question
			}
		}
	}
	if kind, ok := w.Catalogue.Kind(v.Kind); ok {
		if it, ok := kind.Questionnaire.Item(linkID); ok {
			return it.Text
		}
	}
	return "What was said by telephone"
}

const spokenWords = "Said by telephone: see “What was said”."

// begun is what was answered before a call was cut off.
func (w *Workspace) begun(i *requests.Incomplete) *pages.Begun {
	if i == nil {
		return nil
	}
	b := &pages.Begun{Kind: i.Kind}
	if i.Caller != "" {
		b.Caller = i.Caller.Local()
	}
	if kind, ok := w.Catalogue.Kind(i.Kind); ok {
		b.Kind = kind.Title
	}
	for _, a := range i.Answers {
		fact := pages.Fact{Key: a.Question, Quoted: w.written(i.Kind, a.LinkID)}
		for _, words := range a.Answers {
			fact.Values = append(fact.Values, paragraphs(words)...)
		}
		if a.Recording != uuid.Nil {
			fact.Values, fact.Quoted = []string{spokenWords}, false
		}
		b.Answers = append(b.Answers, fact)
	}
	return b
}

// written reports whether a question is answered in a person's own words.
func (w *Workspace) written(kind, linkID string) bool {
	k, ok := w.Catalogue.Kind(kind)
	if !ok {
		return false
	}
	it, ok := k.Questionnaire.Item(linkID)
	return ok && it.FreeText()
}

func languageWords(language string) string {
	if language == "cy" {
		return "Welsh"
	}
	return ""
}
