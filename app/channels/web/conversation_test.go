package web_test

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"onedoor/app/channels/web"
	"onedoor/app/fault"
	"onedoor/app/requests"
)

func TestAConversationIsForgottenAfterAnHour(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.get("")
	v.send("kind", "symptoms")
	v.send("answer", "16-or-over")
	s.Pass(59 * time.Minute)
	v.get("question")
	v.send("answer", "none")
	s.Pass(time.Hour)
	v.get("question")
	v.wants("Your answers are no longer here")
	if v.status != http.StatusGone {
		t.Errorf("status %d", v.status)
	}
	v.get("question")
	v.wants("What do you need help with?")
}

func TestFinishingForgetsAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	address, err := url.Parse(s.address)
	if err != nil {
		t.Fatal(err)
	}
	kept := v.client.Jar.Cookies(address)
	v.post("forget", nil)
	v.wants("What do you need help with?")
	v.client.Jar.SetCookies(address, kept) // somebody who had copied the cookie
	v.get("question")
	v.wants("Your answers are no longer here")
}

func TestAConversationBelongsToItsNeighbourhood(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	v.soreThroat()
	v.get("/hillside/question")
	if v.heading == "What is the name of the person who needs help?" {
		t.Error("hillside shows riverside's conversation")
	}
}

func TestSentManyTimesAtOnceItIsOneRequest(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visit(t)
	v.soreThroat()
	v.about(s.person(1))
	if v.at == "/riverside/pharmacy" {
		v.send("pharmacy", "FRV01")
	}
	v.wants("Check your answers before you send your request")
	const times = 8
	references := make([]string, times)
	var sending sync.WaitGroup
	for i := range times {
		sending.Go(func() {
			one := s.visit(t)
			one.client.Jar = v.client.Jar
			one.post("check-answers", nil)
			references[i] = one.reference()
		})
	}
	sending.Wait()
	for _, r := range references {
		if r != references[0] {
			t.Fatalf("got several references: %v", references)
		}
	}
}

func TestAReplyThatWasLostIsFoundAgain(t *testing.T) {
	t.Parallel()
	var first sync.Once
	s := open(t, func(o *web.Options) {
		whole := o.Requests
		o.Requests = requestsThat{whole, func(ctx context.Context, in requests.Submission) (requests.Receipt, error) {
			receipt, err := whole.Submit(ctx, in)
			first.Do(func() {
				err = fault.New(fault.Unavailable, "database_away", "Please try again in a moment.")
			})
			return receipt, err
		}}
	})
	v := s.visit(t)
	v.soreThroat()
	v.about(s.person(0))
	v.send("pharmacy", "FRV01")
	v.send()
	v.wants("Sorry, this service is not working for the moment")
	if v.status != http.StatusServiceUnavailable {
		t.Errorf("status %d", v.status)
	}
	v.get("check-answers")
	v.send()
	v.wants("Request sent")
	reference := v.reference()
	v.get("sent")
	if v.reference() != reference {
		t.Error("the reference changed")
	}
}
