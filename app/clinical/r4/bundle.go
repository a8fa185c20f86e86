package r4

import "encoding/json"

// Types of a Bundle.
const (
	Transaction         = "transaction"
	TransactionResponse = "transaction-response"
	SearchSet           = "searchset"
	Message             = "message"
	Collection          = "collection"
)

// Bundle is some resources together.
type Bundle struct {
	ResourceType is[nameBundle] `json:"resourceType"`
	Common
	Identifier *Identifier `json:"identifier,omitempty"`
	Type       string      `json:"type"`
	Timestamp  string      `json:"timestamp,omitempty"`
	Total      *int        `json:"total,omitempty"`
	Link       []Link      `json:"link,omitempty"`
	Entry      []Entry     `json:"entry,omitempty"`
}

// Link is an address that belongs to a page of results: self, next.
type Link struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

// Linked is the address of a relation; empty when there is none.
func (b Bundle) Linked(relation string) string {
	for _, l := range b.Link {
		if l.Relation == relation {
			return l.URL
		}
	}
	return ""
}

// Entry is one resource of a Bundle.
type Entry struct {
	FullURL  string         `json:"fullUrl,omitempty"`
	Resource Resource       `json:"resource,omitempty"`
	Search   *EntrySearch   `json:"search,omitempty"`
	Request  *EntryRequest  `json:"request,omitempty"`
	Response *EntryResponse `json:"response,omitempty"`
	// Raw is the resource as it came, for With; it is not written.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads the resource by its type.
func (e *Entry) UnmarshalJSON(raw []byte) error {
	var plain struct {
		FullURL  string          `json:"fullUrl"`
		Resource json.RawMessage `json:"resource"`
		Search   *EntrySearch    `json:"search"`
		Request  *EntryRequest   `json:"request"`
		Response *EntryResponse  `json:"response"`
	}
	if err := json.Unmarshal(raw, &plain); err != nil {
		return err
	}
	*e = Entry{FullURL: plain.FullURL, Search: plain.Search, Request: plain.Request, Response: plain.Response, Raw: plain.Resource}
	if len(plain.Resource) == 0 {
		return nil
	}
	var err error
	e.Resource, err = Decode(plain.Resource)
	return err
}

// EntrySearch says why a resource is among the results: match, include or outcome.
type EntrySearch struct {
	Mode string `json:"mode,omitempty"`
}

// EntryRequest is what a transaction asks for.
type EntryRequest struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	IfMatch     string `json:"ifMatch,omitempty"`
	IfNoneExist string `json:"ifNoneExist,omitempty"`
}

// EntryResponse is what became of it.
type EntryResponse struct {
	Status       string `json:"status"`
	Location     string `json:"location,omitempty"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"lastModified,omitempty"`
}

// All are a Bundle's resources of one type, such as All[*r4.Slot].
func All[T Resource](b *Bundle) []T {
	var out []T
	for _, e := range b.Entry {
		if r, ok := e.Resource.(T); ok {
			out = append(out, r)
		}
	}
	return out
}

// Resolve is the resource that a reference names by fullUrl, or by type and id, in the Bundle; nil when it is not there.
func (b *Bundle) Resolve(reference string) Resource {
	if reference == "" {
		return nil
	}
	for _, e := range b.Entry {
		if e.Resource == nil {
			continue
		}
		if e.FullURL == reference {
			return e.Resource
		}
		var head struct {
			ID string `json:"id"`
		}
		if len(e.Raw) > 0 && json.Unmarshal(e.Raw, &head) == nil && head.ID != "" && e.Resource.kind()+"/"+head.ID == reference {
			return e.Resource
		}
	}
	return nil
}
