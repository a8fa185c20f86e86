package reception

import (
	"net/url"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/requests"
	"onedoor/ui/pages"
)

// listAddress is a list as its URL has it: a saved view is a bookmark of it.
type listAddress struct {
	queue  uuid.UUID
	view   requests.QueueView
	cursor string
}

var views = []struct {
	view  requests.QueueView
	title string
}{
	{requests.ViewAll, "All"},
	{requests.ViewUnclaimed, "Unclaimed"},
	{requests.ViewMine, "Mine"},
	{requests.ViewToVerify, "To verify"},
	{requests.ViewOffers, "Offers"},
}

func parseView(s string) (requests.QueueView, bool) {
	for _, v := range views {
		if string(v.view) == s {
			return v.view, true
		}
	}
	return "", false
}

// parseQueue reads the queue of a path. What is no id is no queue.
func parseQueue(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, fault.Absent()
	}
	return id, nil
}

// parseList reads the list that a query or a form names beside a request; anything wrong is no list, since the request
// is what was asked for.
func parseList(values url.Values) listAddress {
	var l listAddress
	l.queue, _ = uuid.Parse(values.Get("queue"))
	l.view, _ = parseView(values.Get("view"))
	if _, err := requests.ParseCursor(values.Get("cursor")); err == nil {
		l.cursor = values.Get("cursor")
	}
	return l
}

func (l listAddress) query() url.Values {
	q := url.Values{}
	if l.view != "" {
		q.Set("view", string(l.view))
	}
	if l.cursor != "" {
		q.Set("cursor", l.cursor)
	}
	return q
}

func (l listAddress) href() string {
	if l.queue == uuid.Nil {
		return root
	}
	return join(root+"/queues/"+l.queue.String(), l.query())
}

// whole is the list as a query, with its queue.
func (l listAddress) whole() url.Values {
	q := l.query()
	if l.queue != uuid.Nil {
		q.Set("queue", l.queue.String())
	}
	return q
}

// request is the address of a request beside this list.
func (l listAddress) request(reference requests.Reference, more ...string) string {
	q := l.query()
	if l.queue != uuid.Nil {
		q.Set("queue", l.queue.String())
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return join(root+"/requests/"+string(reference), q)
}

func (l listAddress) with(view requests.QueueView) listAddress { return listAddress{l.queue, view, ""} }

func (l listAddress) context() pages.Context {
	c := pages.Context{View: string(l.view), Cursor: l.cursor}
	if l.queue != uuid.Nil {
		c.Queue = l.queue.String()
	}
	return c
}

func join(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func command(reference requests.Reference, name string) string {
	return root + "/requests/" + string(reference) + "/" + name
}
