package web

import (
	"fmt"
	"net/url"
	"strconv"

	"onedoor/app/nhs"
	"onedoor/ui/components"
	"onedoor/ui/locales"
)

// dateWords are the name of a date's control, and what is said when it is missing, in part or whole, or not real.
type dateWords struct {
	name                      string
	missing, day, month, year string
	real                      string
}

// readDate reads three fields as YYYY-MM-DD. Months may be typed by number only: names differ by language.
func readDate(v *visit, form url.Values, w dateWords) (string, *components.Problem) {
	day, month, year := trimmed(form, w.name+"-day"), trimmed(form, w.name+"-month"), trimmed(form, w.name+"-year")
	problem := func(part, id string) (string, *components.Problem) {
		return "", &components.Problem{Target: w.name + "-" + part, Says: v.say(id)}
	}
	switch {
	case day == "" && month == "" && year == "":
		return problem("day", w.missing)
	case day == "":
		return problem("day", w.day)
	case month == "":
		return problem("month", w.month)
	case year == "":
		return problem("year", w.year)
	}
	d, dayErr := strconv.Atoi(day)
	m, monthErr := strconv.Atoi(month)
	y, yearErr := strconv.Atoi(year)
	if dayErr != nil || monthErr != nil || yearErr != nil || len(year) != 4 {
		return problem("day", w.real)
	}
	date := fmt.Sprintf("%04d-%02d-%02d", y, m, d)
	if _, err := nhs.ParseDate(date); err != nil {
		return problem("day", w.real)
	}
	return date, nil
}

func setDate(form url.Values, name string, d nhs.Date) {
	if d.IsZero() {
		return
	}
	form.Set(name+"-day", strconv.Itoa(d.Day))
	form.Set(name+"-month", strconv.Itoa(int(d.Month)))
	form.Set(name+"-year", strconv.Itoa(d.Year))
}

// dateControl shows what was typed, and marks the part that is wrong.
func dateControl(name string, legend, hint locales.Text, form url.Values, problems []components.Problem) components.DateInput {
	d := components.DateInput{
		ID: name, Prefix: name, Legend: legend, Size: "l", Heading: true, Hint: hint,
		Day: form.Get(name + "-day"), Month: form.Get(name + "-month"), Year: form.Get(name + "-year"),
	}
	for _, part := range []struct {
		name  string
		value string
		wrong *bool
	}{{"-day", d.Day, &d.WrongDay}, {"-month", d.Month, &d.WrongMonth}, {"-year", d.Year, &d.WrongYear}} {
		if says := components.ErrorFor(problems, name+part.name); !says.Empty() {
			d.Error = says
			*part.wrong = part.value == "" && d.Day+d.Month+d.Year != ""
		}
	}
	return d
}
