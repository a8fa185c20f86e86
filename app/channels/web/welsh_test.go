package web_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"onedoor/app/channels/web"
	"onedoor/app/requests"
)

// A visit in Welsh asks in Welsh on every page, and hands in what the same visit in English does: codes, and own words.
func TestAskedInWelshTheRequestIsTheSame(t *testing.T) {
	t.Parallel()
	var handedIn []requests.Submission
	s := open(t, func(o *web.Options) {
		whole := o.Requests
		o.Requests = requestsThat{whole, func(ctx context.Context, in requests.Submission) (requests.Receipt, error) {
			handedIn = append(handedIn, in)
			return whole.Submit(ctx, in)
		}}
	})
	for _, lang := range []string{"en", "cy"} {
		v := s.visit(t)
		v.get("?lang=" + lang)
		welsh := func(texts ...string) {
			t.Helper()
			if lang != "cy" {
				return
			}
			v.shows(texts...)
			body := strings.ReplaceAll(v.body, `lang="en" hreflang="en"`, "") // the way to the English page is in English
			if at := strings.Index(body, `lang="en"`); at >= 0 {
				t.Errorf("%s is in English: %.200s", v.at, body[at:])
			}
		}
		welsh("Cael help gyda symptomau", "Trefnu apwyntiad", "Gofyn i ni eich ffonio yn ôl")
		v.send("kind", "symptoms")
		welsh("Beth yw oedran y person sydd angen help?", "16 neu hŷn")
		v.send("answer", "16-or-over")
		welsh("A oes gan y person sydd angen help unrhyw un o’r rhain nawr?", "ffoniwch 999", "Dim un o’r rhain")
		v.send("answer", "none")
		welsh("Gyda beth mae angen help arnoch?", "Dolur gwddf")
		v.send()
		welsh("Dewiswch ateb")
		v.send("answer", "sore-throat")
		welsh("Dywedwch wrthym am y broblem")
		v.send("answer", "It hurts.")
		welsh("Ers faint mae hyn wedi bod yn digwydd?", "Un i dri diwrnod")
		v.send("answer", "1-to-3-days")
		for strings.HasPrefix(v.at, "/riverside/question/") {
			welsh()
			v.send()
			if v.status != 200 {
				v.send("answer", "no")
			}
		}
		v.about(s.person(0))
		v.send("pharmacy", "FRV02")
		welsh("Cael help gyda symptomau", "Dolur gwddf", "Un i dri diwrnod", "It hurts.", "Gyda beth mae angen help arnoch?")
		v.send()
		reference := v.reference()
		v.get("status")
		form := s.person(0)
		form.Set("reference", reference)
		v.post("status", form)
		welsh("Cael help gyda symptomau")
	}
	if len(handedIn) < 2 {
		t.Fatalf("%d requests were handed in", len(handedIn))
	}
	english, welsh := handedIn[0], handedIn[len(handedIn)-1]
	if english.Language != "en" || welsh.Language != "cy" {
		t.Errorf("the languages are %q and %q", english.Language, welsh.Language)
	}
	if !reflect.DeepEqual(english.Answers, welsh.Answers) || english.Kind != welsh.Kind || len(english.Answers) < 4 {
		e, _ := json.Marshal(english.Answers)
		w, _ := json.Marshal(welsh.Answers)
		t.Errorf("in English %s, in Welsh %s", e, w)
	}
}

func TestOwnWordsThatAreAlsoOfTheCatalogueStayAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	v := open(t).visit(t)
	v.get("?lang=cy")
	v.send("kind", "callback")
	v.send("answer", "16-or-over")
	v.send("answer", "none")
	v.send("answer", "other")
	v.send("answer", "Sore throat")
	v.send()
	v.about(v.site.person(0))
	v.wants("Gwiriwch eich atebion cyn anfon eich cais")
	v.shows("Sore throat")
}
