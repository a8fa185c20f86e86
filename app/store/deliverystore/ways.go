package deliverystore

import (
	"strings"

	"github.com/google/uuid"

	"onedoor/app/clinical"
)

// way is the integration that a delivery goes by. What was sent goes the same way at every try, so that it is read back
// where it may have arrived; what never was goes by what is switched on now.
func way(ways []clinical.Integration, d clinical.Delivery) uuid.UUID {
	if d.IntegrationID != uuid.Nil && !d.SentAt.IsZero() {
		return d.IntegrationID
	}
	chosen, _ := clinical.Choose(ways, d.Purpose.Use(), d.Document.Kind.Code)
	return chosen.ID
}

// wait is a condition on deliveries d with its arguments: the delivery's way is paused. It says in SQL what way says in Go,
// so that any number of waiting ones is passed over without being read.
type wait struct {
	condition string
	arguments []any
}

// but is the condition for the others, to stand behind another.
func (w wait) but() string {
	if w.condition == "false" {
		return ""
	}
	return " and not " + w.condition
}

// waiting makes the condition for an organisation's integrations.
func waiting(ways []clinical.Integration) wait {
	var paused []uuid.UUID
	for _, i := range ways {
		if i.Paused {
			paused = append(paused, i.ID)
		}
	}
	if len(paused) == 0 {
		return wait{condition: "false"}
	}
	conditions := []string{"(d.sent_at is not null and d.integration_id in ?)"}
	arguments := []any{paused}
	for code, purpose := range purposes {
		not, kinds := pausedKinds(ways, purpose.Use())
		if len(kinds) == 0 {
			continue
		}
		conditions = append(conditions, "((d.sent_at is null or d.integration_id is null) and d.purpose = ? and d.document -> 'kind' ->> 'code' "+not+"in ?)")
		arguments = append(arguments, code, kinds)
	}
	return wait{"coalesce(" + strings.Join(conditions, " or ") + ", false)", arguments}
}

// pausedKinds are the kinds of request whose way for a use is paused, or with "not " those whose way is not.
func pausedKinds(ways []clinical.Integration, use clinical.Use) (not string, kinds []string) {
	var held, free []string
	for _, i := range ways {
		for _, s := range i.Uses {
			if s.Use != use {
				continue
			}
			for _, kind := range s.Kinds {
				if chosen, _ := clinical.Choose(ways, use, kind); chosen.Paused {
					held = append(held, kind)
				} else {
					free = append(free, kind)
				}
			}
		}
	}
	if others, _ := clinical.Choose(ways, use, ""); others.Paused {
		return "not ", append(free, "") // no kind is called nothing: the list is never empty
	}
	return "", held
}
