package r4

import "encoding/json"

// MessageHeader is the first entry of a message: what happened, from whom, to whom.
type MessageHeader struct {
	ResourceType is[nameMessageHeader] `json:"resourceType"`
	Common
	Event       Value                `json:"-"` // event[x]: Coding, URI
	Destination []MessageDestination `json:"destination,omitempty"`
	Sender      *Reference           `json:"sender,omitempty"`
	Enterer     *Reference           `json:"enterer,omitempty"`
	Author      *Reference           `json:"author,omitempty"`
	Source      MessageSource        `json:"source"`
	Responsible *Reference           `json:"responsible,omitempty"`
	Reason      *CodeableConcept     `json:"reason,omitempty"`
	Response    *MessageResponse     `json:"response,omitempty"`
	Focus       []Reference          `json:"focus,omitempty"`
	Definition  string               `json:"definition,omitempty"`
}

// MarshalJSON writes event[x] under its type's name.
func (m MessageHeader) MarshalJSON() ([]byte, error) {
	type plain MessageHeader
	return choosing(plain(m), chosen{"event", &m.Event})
}

// UnmarshalJSON reads event[x].
func (m *MessageHeader) UnmarshalJSON(raw []byte) error {
	type plain MessageHeader
	return choose(raw, (*plain)(m), chosen{"event", &m.Event})
}

// EventCode is the event's code; empty when it is no Coding.
func (m MessageHeader) EventCode() string {
	c, _ := m.Event.(Coding)
	return c.Code
}

// MessageDestination is where a message goes.
type MessageDestination struct {
	Name     string     `json:"name,omitempty"`
	Target   *Reference `json:"target,omitempty"`
	Endpoint string     `json:"endpoint"`
	Receiver *Reference `json:"receiver,omitempty"`
}

// MessageSource is the software that a message is from.
type MessageSource struct {
	Name     string        `json:"name,omitempty"`
	Software string        `json:"software,omitempty"`
	Version  string        `json:"version,omitempty"`
	Contact  *ContactPoint `json:"contact,omitempty"`
	Endpoint string        `json:"endpoint"`
}

// MessageResponse says what a message answers, and how: ok, transient-error or fatal-error.
type MessageResponse struct {
	Identifier string     `json:"identifier"`
	Code       string     `json:"code"`
	Details    *Reference `json:"details,omitempty"`
}

// MessageDefinition is what a receiver says that it takes.
type MessageDefinition struct {
	ResourceType is[nameMessageDefinition] `json:"resourceType"`
	Common
	URL         string            `json:"url,omitempty"`
	Version     string            `json:"version,omitempty"`
	Name        string            `json:"name,omitempty"`
	Title       string            `json:"title,omitempty"`
	Status      string            `json:"status"`
	Date        string            `json:"date"`
	Publisher   string            `json:"publisher,omitempty"`
	Description string            `json:"description,omitempty"`
	UseContext  []UsageContext    `json:"useContext,omitempty"`
	Purpose     string            `json:"purpose,omitempty"`
	Event       Value             `json:"-"` // event[x]: Coding, URI
	Category    string            `json:"category,omitempty"`
	Focus       []MessageFocus    `json:"focus,omitempty"`
	Response    string            `json:"responseRequired,omitempty"`
	Allowed     []AllowedResponse `json:"allowedResponse,omitempty"`
}

// MarshalJSON writes event[x] under its type's name.
func (m MessageDefinition) MarshalJSON() ([]byte, error) {
	type plain MessageDefinition
	return choosing(plain(m), chosen{"event", &m.Event})
}

// UnmarshalJSON reads event[x].
func (m *MessageDefinition) UnmarshalJSON(raw []byte) error {
	type plain MessageDefinition
	return choose(raw, (*plain)(m), chosen{"event", &m.Event})
}

// EventCode is the event's code; empty when it is no Coding.
func (m MessageDefinition) EventCode() string {
	c, _ := m.Event.(Coding)
	return c.Code
}

// UsageContext is where something applies. R4 gives it one code; BaRS's published examples give it a list of them, a service's
// id and a use case, which is read and written where More is not empty.
type UsageContext struct {
	Code  Coding   `json:"-"`
	More  []Coding `json:"-"`
	Value Value    `json:"-"` // value[x]
}

// MarshalJSON writes value[x] under its type's name.
func (u UsageContext) MarshalJSON() ([]byte, error) {
	var code any = u.Code
	if len(u.More) > 0 {
		code = append([]Coding{u.Code}, u.More...)
	}
	return choosing(map[string]any{"code": code}, chosen{"value", &u.Value})
}

// UnmarshalJSON reads value[x].
func (u *UsageContext) UnmarshalJSON(raw []byte) error {
	var loose struct {
		Code json.RawMessage `json:"code"`
	}
	if err := choose(raw, &loose, chosen{"value", &u.Value}); err != nil || len(loose.Code) == 0 {
		return err
	}
	if loose.Code[0] != '[' {
		return json.Unmarshal(loose.Code, &u.Code)
	}
	var codes []Coding
	if err := json.Unmarshal(loose.Code, &codes); err != nil || len(codes) == 0 {
		return err
	}
	u.Code, u.More = codes[0], codes[1:]
	return nil
}

// Codes are all of them.
func (u UsageContext) Codes() []Coding { return append([]Coding{u.Code}, u.More...) }

// MessageFocus is what a message is about.
type MessageFocus struct {
	Code    string `json:"code"`
	Profile string `json:"profile,omitempty"`
	Min     int    `json:"min"`
	Max     string `json:"max,omitempty"`
}

// AllowedResponse is an answer that a message may have.
type AllowedResponse struct {
	Message   string `json:"message"`
	Situation string `json:"situation,omitempty"`
}
