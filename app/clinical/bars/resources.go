package bars

import (
	"bytes"
	"encoding/json"

	"onedoor/app/clinical/r4"
)

// received is a Bundle as it comes, each resource left as it is until it is known to be wanted: what surprises us in one
// resource is no reason not to read another.
type received struct {
	ResourceType string          `json:"resourceType"`
	ID           string          `json:"id"`
	Meta         *r4.Meta        `json:"meta"`
	Type         string          `json:"type"`
	Entry        []receivedEntry `json:"entry"`
}

type receivedEntry struct {
	FullURL  string
	Resource json.RawMessage
}

// UnmarshalJSON reads an entry and, as published search results have it, a resource that stands in an entry's place.
func (e *receivedEntry) UnmarshalJSON(b []byte) error {
	var read struct {
		FullURL      string          `json:"fullUrl"`
		Resource     json.RawMessage `json:"resource"`
		ResourceType string          `json:"resourceType"`
	}
	if err := json.Unmarshal(b, &read); err != nil {
		return err
	}
	e.FullURL, e.Resource = read.FullURL, read.Resource
	if read.Resource == nil && read.ResourceType != "" {
		e.Resource = bytes.Clone(b)
	}
	return nil
}

// entryOf finds the entry that a reference names.
func (b received) entryOf(url string) (json.RawMessage, bool) {
	for _, e := range b.Entry {
		if e.FullURL == url {
			return e.Resource, true
		}
	}
	return nil, false
}

// entryAs reads the entry that a reference names as a resource of one type; false when it is not that.
func entryAs[T r4.Resource](b received, url string) (T, bool) {
	var none T
	raw, found := b.entryOf(url)
	if !found {
		return none, false
	}
	one, err := r4.DecodeAs[T](raw)
	return one, err == nil
}
