package api_test

import (
	"net/http"
	"testing"
)

func TestAPINIsSetAndRemovedByTheDesksProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.Patients[0]
	person := map[string]any{"nhs_number": who.NHSNumber, "birth_date": who.BirthDate}
	with := func(more ...string) map[string]any {
		body := map[string]any{"nhs_number": who.NHSNumber, "birth_date": who.BirthDate, "pin": "739184"}
		for i := 0; i+1 < len(more); i += 2 {
			body[more[i]] = more[i+1]
		}
		return body
	}
	const path = "/api/v1/telephone-pins"
	for name, c := range map[string]struct {
		key    string
		body   any
		status int
		code   string
	}{
		"a receptionist":              {"receptionist", with(), http.StatusNoContent, ""},
		"again":                       {"receptionist", with("pin", "628073"), http.StatusNoContent, ""},
		"an easy PIN":                 {"receptionist", with("pin", "111111"), http.StatusUnprocessableEntity, "/pin pin_easy"},
		"a short PIN":                 {"receptionist", with("pin", "1"), http.StatusUnprocessableEntity, "/pin pin_format"},
		"a wrong check digit":         {"receptionist", with("nhs_number", "9990001007"), http.StatusUnprocessableEntity, "/nhs_number nhs_number_check_digit"},
		"no birth date":               {"receptionist", with("birth_date", ""), http.StatusUnprocessableEntity, "/birth_date date_format"},
		"another birth date":          {"receptionist", with("birth_date", "1950-01-01"), http.StatusNotFound, "not_on_list"},
		"the pharmacist":              {"pharmacist", with(), http.StatusNotFound, "not_on_list"},
		"a receptionist of elsewhere": {"foreign_receptionist", with(), http.StatusNotFound, "not_on_list"},
		"the manager":                 {"org_admin", with(), http.StatusForbidden, "forbidden"},
		"an app":                      {"app", with(), http.StatusForbidden, "forbidden"},
		"nobody":                      {"", with(), http.StatusUnauthorized, "not_signed_in"},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.call(t, c.key, http.MethodPost, path, c.body)
			code := got.code()
			for pointer, field := range got.fields() {
				code = pointer + " " + field
			}
			if got.StatusCode != c.status || (c.code != "" && code != c.code && c.key != "") {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
		})
	}
	if got := w.call(t, "receptionist", http.MethodPost, path+"/remove", person); got.StatusCode != http.StatusNoContent {
		t.Errorf("removing: %d %s", got.StatusCode, got.body)
	}
	if got := w.call(t, "org_admin", http.MethodPost, path+"/remove", person); got.StatusCode != http.StatusForbidden {
		t.Errorf("the manager removes: %d", got.StatusCode)
	}
}
