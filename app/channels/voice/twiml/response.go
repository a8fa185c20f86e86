package twiml

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"time"

	"onedoor/app/channels/voice/dialogue"
	"onedoor/app/channels/voice/webhook"
)

// The verbs of TwiML, with the attributes that are used here. Source: Twilio's reference of TwiML for Voice.
type response struct {
	XMLName xml.Name `xml:"Response"`
	Verbs   []any
}

type say struct {
	XMLName  xml.Name `xml:"Say"`
	Language string   `xml:"language,attr"`
	Voice    string   `xml:"voice,attr,omitempty"`
	Slow     *prosody
	Text     string `xml:",chardata"`
}

type prosody struct {
	XMLName xml.Name `xml:"prosody"`
	Rate    string   `xml:"rate,attr"`
	Text    string   `xml:",chardata"`
}

type play struct {
	XMLName xml.Name `xml:"Play"`
	URL     string   `xml:",chardata"`
}

type gather struct {
	XMLName xml.Name `xml:"Gather"`
	Action  string   `xml:"action,attr"`
	Method  string   `xml:"method,attr"`
	Input   string   `xml:"input,attr"`
	Most    int      `xml:"numDigits,attr,omitempty"`
	// FinishOnKey is written also when it is empty: then the hash is a key like any other.
	FinishOnKey string `xml:"finishOnKey,attr"`
	Timeout     int    `xml:"timeout,attr"`
	OnEmpty     bool   `xml:"actionOnEmptyResult,attr,omitempty"`
	Verbs       []any
}

type record struct {
	XMLName     xml.Name `xml:"Record"`
	Action      string   `xml:"action,attr"`
	Method      string   `xml:"method,attr"`
	MaxLength   int      `xml:"maxLength,attr"`
	Timeout     int      `xml:"timeout,attr"`
	FinishOnKey string   `xml:"finishOnKey,attr"`
	PlayBeep    bool     `xml:"playBeep,attr"`
	Trim        string   `xml:"trim,attr"`
}

type redirect struct {
	XMLName xml.Name `xml:"Redirect"`
	Method  string   `xml:"method,attr"`
	URL     string   `xml:",chardata"`
}

type dial struct {
	XMLName    xml.Name `xml:"Dial"`
	Action     string   `xml:"action,attr"`
	Method     string   `xml:"method,attr"`
	Timeout    int      `xml:"timeout,attr"`
	Sequential bool     `xml:"sequential,attr"`
	Targets    []any
}

type number struct {
	XMLName xml.Name `xml:"Number"`
	URL     string   `xml:"url,attr"`
	Method  string   `xml:"method,attr"`
	To      string   `xml:",chardata"`
}

type sip struct {
	XMLName xml.Name `xml:"Sip"`
	URL     string   `xml:"url,attr"`
	Method  string   `xml:"method,attr"`
	To      string   `xml:",chardata"`
}

type hangup struct {
	XMLName xml.Name `xml:"Hangup"`
}

const (
	posted      = "POST"
	dialTimeout = 40 // seconds for people to answer
)

// response writes an answer in TwiML.
func (c *Channel) response(a webhook.Answer) response {
	if a.Over {
		return response{Verbs: []any{hangup{}}}
	}
	words, next, e := spoken(a), c.address(a), a.Turn.Expect
	switch e.Kind {
	case dialogue.ExpectRecording:
		return response{Verbs: []any{
			// While the words are said, a key answers in their place: the hash leaves the question out.
			gather{Action: next, Method: posted, Input: "dtmf", Most: 1, Timeout: 1, Verbs: words},
			// One silence ends a recording, before the first word as after the last: whoever needs time to begin gets it.
			record{
				Action: next, Method: posted, MaxLength: seconds(e.Longest), Timeout: seconds(e.First), FinishOnKey: "#0*", PlayBeep: true, Trim: "trim-silence",
			},
			redirect{Method: posted, URL: next + "/quiet"}, // nothing was said: Twilio does not post that
		}}
	case dialogue.ExpectTransfer:
		d := dial{Action: next + "/dialled", Method: posted, Timeout: dialTimeout, Sequential: true}
		for _, to := range a.Line.Reception {
			if strings.HasPrefix(to, "sip:") || strings.HasPrefix(to, "sips:") {
				d.Targets = append(d.Targets, sip{URL: next + "/answered", Method: posted, To: to})
			} else {
				d.Targets = append(d.Targets, number{URL: next + "/answered", Method: posted, To: to})
			}
		}
		return response{Verbs: append(words, d)}
	case dialogue.ExpectEnd:
		return response{Verbs: append(words, redirect{Method: posted, URL: next})}
	}
	g := gather{Action: next, Method: posted, Input: "dtmf", Most: e.Most, Timeout: seconds(e.First), OnEmpty: true}
	if e.Most != 1 {
		g.FinishOnKey = "#"
	}
	if e.Fixed { // words that a key does not cut short stand before the gathering
		return response{Verbs: append(words, g)}
	}
	g.Verbs = words
	return response{Verbs: []any{g}}
}

func seconds(d time.Duration) int { return max(1, int((d+time.Second-1)/time.Second)) }

// address is where the platform posts what happened after an answer.
func (c *Channel) address(a webhook.Answer) string {
	return fmt.Sprintf("%s/voice/twiml/%s/%s/%d", c.base, url.PathEscape(a.Line.Name), a.CallID, a.Step)
}

// spoken is our own sound of the words, or the words themselves.
func spoken(a webhook.Answer) []any {
	if a.Sound != "" {
		return []any{play{URL: a.Sound}}
	}
	verbs := make([]any, 0, len(a.Turn.Say))
	for _, p := range a.Turn.Say {
		s := say{Language: "en-GB", Voice: "Polly.Amy"}
		if p.Language == "cy" {
			s.Language, s.Voice = "cy-GB", "Polly.Gwyneth"
		}
		if p.Slow {
			s.Slow = &prosody{Rate: "slow", Text: p.Text}
		} else {
			s.Text = p.Text
		}
		verbs = append(verbs, s)
	}
	return verbs
}
