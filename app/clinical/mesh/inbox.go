package mesh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"onedoor/app/clinical"
	"onedoor/app/clinical/itk3"
)

const (
	// listed is how many names MESH is asked for at once, its own greatest.
	listed = 500
	// looked is how many messages are opened in one turn, ours or not: a mailbox full of others' must not hold a job for ever.
	looked = 100
)

// Fetch opens what waits in the mailbox, in MESH's order (the oldest first), until it has as many answers as were asked for.
// What is no answer to us is left there: the mailbox may serve others too. The error counts what could not be read.
func (s *System) Fetch(ctx context.Context, most int) ([]clinical.Acknowledgement, error) {
	ids, err := s.waiting(ctx)
	if err != nil {
		return nil, err
	}
	var out []clinical.Acknowledgement
	unread := 0
	for i, id := range ids {
		if len(out) >= most || i >= looked {
			break
		}
		one, ours, err := s.open(ctx, id)
		switch {
		case errors.Is(err, errUnread):
			unread++
		case err != nil:
			return out, err
		case ours:
			out = append(out, one)
		}
	}
	if unread > 0 {
		return out, fmt.Errorf("%d messages in the MESH mailbox could not be read, and were left there", unread)
	}
	return out, nil
}

func (s *System) waiting(ctx context.Context) ([]string, error) {
	a, err := s.call(ctx, http.MethodGet, "/inbox?"+url.Values{"max_results": {strconv.Itoa(listed)}}.Encode(), nil, nil, answerLimit)
	if err != nil {
		return nil, err
	}
	if !a.ok() {
		return nil, a.problem()
	}
	var list struct {
		Messages []string `json:"messages"`
	}
	if err := a.read(&list); err != nil {
		return nil, &clinical.Unknown{Says: "MESH listed the mailbox in a way that we cannot read."}
	}
	return list.Messages, nil
}

// errUnread means that a message is meant for us and could not be read.
var errUnread = errors.New("a message could not be read")

// open reads one message. Not ours is not an error.
func (s *System) open(ctx context.Context, id string) (one clinical.Acknowledgement, ours bool, err error) {
	if !named(id) {
		return one, false, errUnread
	}
	first, err := s.call(ctx, http.MethodGet, "/inbox/"+id, nil, nil, messageLimit)
	switch {
	case err != nil:
		return one, false, err
	case first.status == http.StatusNotFound || first.status == http.StatusGone:
		return one, false, nil // somebody has put it away meanwhile
	case !first.ok():
		return one, false, first.problem()
	}
	workflow := first.header.Get("Mex-WorkflowID")
	if strings.EqualFold(first.header.Get("Mex-MessageType"), "REPORT") {
		return s.report(id, first)
	}
	if workflow != workflowSendDocument+acknowledged && workflow != workflowUpdateRecord+acknowledged {
		return one, false, nil
	}
	body, err := s.rest(ctx, id, first)
	if err != nil {
		return one, false, err
	}
	r, err := itk3.ParseResponse(body)
	if err != nil {
		return one, false, errUnread
	}
	return clinical.Acknowledgement{ID: id, DeliveryID: r.Delivery, State: r.State, Says: r.Says, At: r.At}, true, nil
}

// report is MESH's own word that it could not deliver what we sent.
func (s *System) report(id string, a answer) (clinical.Acknowledgement, bool, error) {
	about := a.header.Get("Mex-LinkedMsgID")
	if !named(about) || strings.EqualFold(a.header.Get("Mex-StatusSuccess"), "SUCCESS") {
		return clinical.Acknowledgement{}, false, errUnread
	}
	one := clinical.Acknowledgement{ID: id, ExternalID: about, State: clinical.NeedsAttention, Says: inWords(a.header.Get("Mex-StatusCode"))}
	if at, err := time.Parse("20060102150405", a.header.Get("Mex-StatusTimestamp")); err == nil {
		one.At = at
	}
	return one, true, nil
}

// rest reads the parts after the first, and undoes what made them smaller.
func (s *System) rest(ctx context.Context, id string, first answer) ([]byte, error) {
	raw, parts := first.body, 1
	if _, after, found := strings.Cut(first.header.Get("Mex-Chunk-Range"), ":"); found {
		n, err := strconv.Atoi(after)
		if err != nil || n < 1 || n > 20 {
			return nil, errUnread
		}
		parts = n
	}
	for part := 2; part <= parts; part++ {
		next, err := s.call(ctx, http.MethodGet, "/inbox/"+id+"/"+strconv.Itoa(part), nil, nil, messageLimit)
		if err != nil {
			return nil, err
		}
		if !next.ok() {
			return nil, next.problem()
		}
		if raw = append(raw, next.body...); len(raw) > messageLimit {
			return nil, errUnread
		}
	}
	body, err := plain(raw, messageLimit)
	if err != nil {
		return nil, errUnread
	}
	return body, nil
}

// PutAway tells MESH that a message has been dealt with.
func (s *System) PutAway(ctx context.Context, id string) error {
	if !named(id) {
		return &clinical.Refused{Says: "This is not the name of a message at MESH."}
	}
	a, err := s.call(ctx, http.MethodPut, "/inbox/"+id+"/status/acknowledged", nil, nil, answerLimit)
	switch {
	case err != nil:
		return err
	case a.ok() || a.status == http.StatusNotFound || a.status == http.StatusGone:
		return nil
	}
	return a.problem()
}

// Mailboxes are one integration for each mailbox that may be looked into, of those given: organisations may share one.
func Mailboxes(all []clinical.Integration) []clinical.Integration {
	seen := map[[2]string]bool{}
	var out []clinical.Integration
	for _, i := range all {
		box := [2]string{strings.TrimRight(i.BaseURL, "/"), strings.ToUpper(strings.TrimSpace(i.Settings[SettingMailbox]))}
		if i.Kind != clinical.MESH || i.Paused || i.RecordOnly || box[1] == "" || seen[box] {
			continue
		}
		seen[box] = true
		out = append(out, i)
	}
	return out
}
