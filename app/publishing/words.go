package publishing

import (
	"fmt"
	"strings"
	"time"

	"onedoor/tenants"
)

// clock says a moment in London: 14:05 on Monday 23 November.
func clock(t time.Time) string { return t.In(tenants.London()).Format("15:04 on Monday 2 January") }

func orSomebody(name string) string {
	if name == "" {
		return "Somebody"
	}
	return name
}

// sentenceOf tells a few changes, and counts the rest.
func sentenceOf(changes []Change) string {
	const most = 5
	if len(changes) == 0 {
		return "Only comments or layout changed."
	}
	var told []string
	for _, c := range changes[:min(most, len(changes))] {
		told = append(told, c.Says)
	}
	if more := len(changes) - most; more > 0 {
		told = append(told, fmt.Sprintf("%d more", more))
	}
	said := strings.Join(told, "; ")
	return strings.ToUpper(said[:1]) + said[1:] + "."
}

// ended is a sentence with its end.
func ended(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}
