package messages

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"onedoor/app/fault"
)

// Template names a text to somebody's telephone. Its words name no reason for asking, and nothing clinical.
type Template string

const (
	ReferenceText Template = "reference" // the request has arrived: its reference, and where to see how it stands
	GoOnText      Template = "go-on"     // answers are kept: the reference, and where to go on with them
	// CodeText proves that the caller holds the telephone on record. Whether it is safe to text that one nobody has asked: it
	// names neither who writes nor why.
	CodeText Template = "one-time-code"
	// AlarmText tells who keeps the service running that something wants looking at. It goes to staff, and says no more.
	AlarmText Template = "alarm"
)

// Templates are all of them.
func Templates() []Template { return []Template{ReferenceText, GoOnText, CodeText, AlarmText} }

// Text is one text in one language. Which facts it needs follows from its template.
type Text struct {
	Template Template `json:"template"`
	Language string   `json:"language"` // BCP 47; one that we do not have is English

	From      string `json:"from,omitempty"`      // who writes, such as the neighbourhood's name
	Reference string `json:"reference,omitempty"` // as people read it: 123 456 7894
	Address   string `json:"address,omitempty"`   // of the page to look at
	Code      string `json:"code,omitempty"`
	Minutes   int    `json:"minutes,omitempty"` // that the code works for
}

// The apostrophes are straight and the dashes absent: one curly one would make a telephone network count every letter of
// the text twice.
var templates = map[string]map[Template]string{
	"en": {
		ReferenceText: "{from}: we have your request. Your reference is {reference}. See how it stands at {address}",
		GoOnText:      "{from}: your answers are kept. Go on online at {address} with reference {reference}",
		CodeText:      "Your code is {code}. It works for {minutes} minutes, where you asked for it. Tell it to nobody who rings you.",
		AlarmText:     "{from}: something needs a person to look soon. See what at {address}",
	},
	"cy": {
		ReferenceText: "{from}: mae eich cais gyda ni. Eich cyfeirnod yw {reference}. Gweld sut mae'n mynd: {address}",
		GoOnText:      "{from}: mae eich atebion wedi'u cadw. Ewch ymlaen ar-lein: {address} gyda'r cyfeirnod {reference}",
		CodeText:      "Eich cod yw {code}. Mae'n gweithio am {minutes} munud, lle gofynnoch chi amdano. Peidiwch byth ag enwi'r cod i rywun sy'n eich ffonio chi.",
		AlarmText:     "{from}: mae angen i rywun edrych ar rywbeth yn fuan. Gweler beth: {address}",
	},
}

// Words are the text as the telephone shows it. A fact that its template needs and lacks is refused.
func (t Text) Words() (string, error) {
	words, ok := templates[t.Language][t.Template]
	if !ok {
		if words, ok = templates["en"][t.Template]; !ok {
			return "", fault.New(fault.Invalid, "text_template", "There is no such text.")
		}
	}
	minutes := ""
	if t.Minutes > 0 {
		minutes = strconv.Itoa(t.Minutes)
	}
	for name, value := range map[string]string{"from": t.From, "reference": t.Reference, "address": t.Address, "code": t.Code, "minutes": minutes} {
		place := "{" + name + "}"
		if value == "" && strings.Contains(words, place) {
			return "", fault.New(fault.Invalid, "text_incomplete", "The text %s needs its %s.", string(t.Template), name)
		}
	}
	return strings.NewReplacer("{from}", t.From, "{reference}", t.Reference, "{address}", t.Address, "{code}", t.Code, "{minutes}", minutes).Replace(words), nil
}

// worth is how long a text is worth sending: a code that comes late is of no use, and confuses.
func (t Text) worth() time.Duration {
	if t.Template == CodeText {
		return time.Duration(t.Minutes) * time.Minute
	}
	return 24 * time.Hour
}

// String keeps the facts of a text out of logs.
func (t Text) String() string { return fmt.Sprintf("text %s in %s", string(t.Template), t.Language) }
