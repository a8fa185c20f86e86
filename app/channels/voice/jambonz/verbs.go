package jambonz

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
)

// The verbs of jambonz, with the properties that are used here. Source: jambonz's documentation of verbs.
type say struct {
	Verb        string       `json:"verb,omitempty"` // empty within a gather
	Text        []string     `json:"text"`
	Synthesizer *synthesizer `json:"synthesizer,omitempty"`
}

// synthesizer asks the application's own voice for a language.
type synthesizer struct {
	Vendor   string `json:"vendor"`
	Language string `json:"language"`
}

type play struct {
	Verb string `json:"verb,omitempty"`
	URL  string `json:"url"`
}

type gather struct {
	Verb        string   `json:"verb"`
	ActionHook  string   `json:"actionHook"`
	Input       []string `json:"input"`
	NumDigits   int      `json:"numDigits,omitempty"`
	FinishOnKey string   `json:"finishOnKey"`
	Timeout     int      `json:"timeout"`
	InterDigit  int      `json:"interDigitTimeout,omitempty"`
	DTMFBargein bool     `json:"dtmfBargein"`
	Say         *say     `json:"say,omitempty"`
	Play        *play    `json:"play,omitempty"`
}

type listenTo struct {
	Verb        string `json:"verb"`
	URL         string `json:"url"`
	ActionHook  string `json:"actionHook"`
	FinishOnKey string `json:"finishOnKey"`
	MaxLength   int    `json:"maxLength"`
	Timeout     int    `json:"timeout"`
	PassDTMF    bool   `json:"passDtmf"`
	PlayBeep    bool   `json:"playBeep"`
	MixType     string `json:"mixType"`
	SampleRate  int    `json:"sampleRate"`
}

type dial struct {
	Verb           string   `json:"verb"`
	ActionHook     string   `json:"actionHook"`
	ConfirmHook    string   `json:"confirmHook"`
	AnswerOnBridge bool     `json:"answerOnBridge"`
	Timeout        int      `json:"timeout"`
	Target         []target `json:"target"`
}

type target struct {
	Type   string `json:"type"`
	Number string `json:"number,omitempty"`
	SIPURI string `json:"sipUri,omitempty"`
}

type redirect struct {
	Verb       string `json:"verb"`
	ActionHook string `json:"actionHook"`
}

type hangup struct {
	Verb string `json:"verb"`
}

const dialTimeout = 40 // seconds for people to answer

// verbs writes an answer in jambonz's verbs.
func (c *Channel) verbs(a webhook.Answer) []any {
	if a.Over {
		return []any{hangup{"hangup"}}
	}
	next, e := c.address(a), a.Turn.Expect
	switch e.Kind {
	case dialogue.ExpectRecording:
		// jambonz ends a stream by itself at one key. The others come by the stream, which ends then: see sound.
		return append(words(a), listenTo{
			Verb: "listen", URL: socketAddress(next) + "/sound", ActionHook: next, FinishOnKey: "#", MaxLength: seconds(e.Longest),
			Timeout: seconds(e.First), PassDTMF: true, PlayBeep: true, MixType: "mono", SampleRate: rate,
		})
	case dialogue.ExpectTransfer:
		d := dial{Verb: "dial", ActionHook: next + "/dialled", ConfirmHook: next + "/answered", AnswerOnBridge: true, Timeout: dialTimeout, Target: []target{}}
		for _, to := range a.Line.Reception {
			if strings.HasPrefix(to, "sip:") || strings.HasPrefix(to, "sips:") {
				d.Target = append(d.Target, target{Type: "sip", SIPURI: to})
			} else {
				d.Target = append(d.Target, target{Type: "phone", Number: to})
			}
		}
		return append(words(a), d)
	case dialogue.ExpectEnd:
		return append(words(a), redirect{"redirect", next})
	}
	g := gather{
		Verb: "gather", ActionHook: next, Input: []string{"digits"}, NumDigits: e.Most, FinishOnKey: "#", Timeout: seconds(e.First),
		InterDigit: seconds(e.Between), DTMFBargein: !e.Fixed,
	}
	said := words(a)
	if e.Fixed || len(said) == 0 {
		return append(said, g)
	}
	// A gather holds one piece of speech, in one language: the last one. What stands before it in another is heard whole.
	last := len(said) - 1
	switch w := said[last].(type) {
	case say:
		w.Verb = ""
		g.Say = &w
	case play:
		w.Verb = ""
		g.Play = &w
	}
	return append(said[:last], g)
}

func seconds(d time.Duration) int { return max(1, int((d+time.Second-1)/time.Second)) }

func (c *Channel) address(a webhook.Answer) string {
	return fmt.Sprintf("%s/voice/jambonz/%s/%s/%d/%s", c.base, url.PathEscape(a.Line.Name), a.CallID, a.Step, a.Pass)
}

// socketAddress is the same place by WebSocket.
func socketAddress(address string) string { return "ws" + strings.TrimPrefix(address, "http") }

// words are our own sound of a turn, or what is said, one verb for each run of a language.
func words(a webhook.Answer) []any {
	if a.Sound != "" {
		return []any{play{"play", a.Sound}}
	}
	var verbs []any
	for _, p := range a.Turn.Say {
		language := "en-GB"
		if p.Language == "cy" {
			language = "cy-GB"
		}
		if n := len(verbs); n > 0 {
			if last := verbs[n-1].(say); last.Synthesizer.Language == language {
				last.Text = append(last.Text, p.Text)
				verbs[n-1] = last
				continue
			}
		}
		verbs = append(verbs, say{"say", []string{p.Text}, &synthesizer{"default", language}})
	}
	return verbs
}
