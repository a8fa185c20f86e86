package api_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/database"
	"onedoor/app/demo"
	"onedoor/tenants"
)

// refusal is what a bad call must be answered with. With a pointer, the code is that of the place.
type refusal struct {
	status        int
	code, pointer string
}

func (r refusal) check(t *testing.T, a answer) {
	t.Helper()
	if a.StatusCode != r.status {
		t.Fatalf("status %d, want %d: %.400s", a.StatusCode, r.status, a.body)
	}
	if a.Header.Get("Content-Type") != "application/problem+json" || a.text("detail") == "" {
		t.Errorf("%s: %.400s", a.Header.Get("Content-Type"), a.body)
	}
	if strings.Contains(string(a.body), "goroutine") || strings.Contains(string(a.body), "SQLSTATE") {
		t.Errorf("the inside shows: %s", a.body)
	}
	if r.pointer == "" {
		if a.code() != r.code {
			t.Errorf("code %q, want %q: %s", a.code(), r.code, a.body)
		}
		return
	}
	if got := a.fields()[r.pointer]; got != r.code {
		t.Errorf("at %s %q, want %q: %s", r.pointer, got, r.code, a.body)
	}
}

func set(path string, value any) func(object) {
	return func(b object) {
		parts := strings.Split(path, "/")
		for _, p := range parts[:len(parts)-1] {
			if b[p] == nil {
				b[p] = object{}
			}
			b = b[p].(object)
		}
		if value == nil {
			delete(b, parts[len(parts)-1])
			return
		}
		b[parts[len(parts)-1]] = value
	}
}

func all(changes ...func(object)) func(object) {
	return func(b object) {
		for _, change := range changes {
			change(b)
		}
	}
}

func TestBadSubmissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	invalid := func(code, pointer string) refusal { return refusal{422, code, pointer} }
	for name, test := range map[string]struct {
		key    string
		change func(object)
		raw    string
		want   refusal
	}{
		"malformed":                    {raw: `{"neighbourhood":`, want: refusal{400, "malformed_json", ""}},
		"an array":                     {raw: `[]`, want: refusal{422, "invalid", ""}},
		"invalid UTF-8":                {raw: "{\"neighbourhood\":\"\xc3\x28\"}", want: refusal{400, "invalid_utf8", ""}},
		"U+0000":                       {raw: `{"neighbourhood":"river\u0000side"}`, want: refusal{400, "nul_character", ""}},
		"twice":                        {raw: `{"kind":"admin","kind":"symptoms"}`, want: refusal{400, "duplicate_field", ""}},
		"1 MiB":                        {change: set("patient/given_name", strings.Repeat("x", 1<<20)), want: refusal{413, "too_large", ""}},
		"unknown field":                {change: set("urgency", "emergency"), want: invalid("unknown_field", "/urgency")},
		"unknown patient field":        {change: set("patient/surname", "X"), want: invalid("unknown_field", "/patient/surname")},
		"number for a text":            {change: set("patient/nhs_number", 9990001006), want: invalid("wrong_type", "/patient/nhs_number")},
		"text for an object":           {change: set("patient", "Daniel"), want: invalid("wrong_type", "/patient")},
		"answers in an array":          {change: set("answers", []string{"a"}), want: invalid("wrong_type", "/answers")},
		"unknown neighbourhood":        {change: set("neighbourhood", "nowhere"), want: refusal{422, "unknown_neighbourhood", ""}},
		"no neighbourhood":             {change: set("neighbourhood", nil), want: refusal{422, "unknown_neighbourhood", ""}},
		"another's neighbourhood":      {change: set("neighbourhood", "hillside"), want: refusal{422, "unknown_neighbourhood", ""}},
		"another's key":                {key: "foreign_receptionist", want: refusal{422, "unknown_neighbourhood", ""}},
		"unknown kind":                 {change: set("kind", "haircut"), want: refusal{422, "unknown_kind", ""}},
		"no kind":                      {change: set("kind", nil), want: invalid("unknown_kind", "/kind")},
		"unknown channel":              {change: set("channel", "carrier-pigeon"), want: invalid("unknown_channel", "/channel")},
		"no channel":                   {change: set("channel", nil), want: invalid("required", "/channel")},
		"wrong check digit":            {change: set("patient/nhs_number", "9990001007"), want: invalid("nhs_number_check_digit", "/patient/nhs_number")},
		"nine digits":                  {change: set("patient/nhs_number", "999000100"), want: invalid("nhs_number_format", "/patient/nhs_number")},
		"30 February":                  {change: set("patient/birth_date", "1996-02-30"), want: invalid("date_format", "/patient/birth_date")},
		"month 13":                     {change: set("patient/birth_date", "1996-13-01"), want: invalid("date_format", "/patient/birth_date")},
		"29 February in a common year": {change: set("patient/birth_date", "1900-02-29"), want: invalid("date_format", "/patient/birth_date")},
		"born tomorrow":                {change: set("patient/birth_date", "2026-11-24"), want: invalid("birth_date_future", "/patient/birth_date")},
		"born long ago":                {change: set("patient/birth_date", "1800-01-01"), want: invalid("birth_date_too_early", "/patient/birth_date")},
		"day first":                    {change: set("patient/birth_date", "27/04/1996"), want: invalid("date_format", "/patient/birth_date")},
		"no patient":                   {change: set("patient", nil), want: invalid("required", "/patient")},
		"nobody in particular":         {change: all(set("patient/nhs_number", nil), set("patient/birth_date", nil)), want: invalid("identity_required", "/patient")},
		"birth date and no postcode":   {change: set("patient/nhs_number", nil), want: invalid("identity_required", "/patient")},
		"no first name on the app":     {change: set("patient/given_name", nil), want: invalid("required", "/patient/given_name")},
		"blank last name":              {change: set("patient/family_name", "  "), want: invalid("required", "/patient/family_name")},
		"name of 101 letters":          {change: set("patient/given_name", strings.Repeat("x", 101)), want: invalid("too_long", "/patient/given_name")},
		"name with an escape":          {change: set("patient/given_name", "Dan\x1b[2J"), want: invalid("control_character", "/patient/given_name")},
		"bad postcode":                 {change: set("patient/postcode", "123"), want: invalid("postcode_format", "/patient/postcode")},
		"bad sex":                      {change: set("patient/sex", "x"), want: invalid("sex_code", "/patient/sex")},
		"bad mobile":                   {change: set("patient/mobile", "12"), want: invalid("phone_format", "/patient/mobile")},
		"bad pharmacy":                 {change: set("choices/pharmacy", "?"), want: invalid("ods_code_format", "/choices/pharmacy")},
		"proxy without a name":         {change: set("proxy", object{"relationship": "mother"}), want: invalid("required", "/proxy/name")},
		"first contact in words":       {change: set("first_contact_at", "yesterday"), want: invalid("moment_format", "/first_contact_at")},
		"first contact tomorrow":       {change: set("first_contact_at", "2026-11-24T10:00:00Z"), want: invalid("first_contact", "/first_contact_at")},
		"first contact last month":     {change: set("first_contact_at", "2026-10-23T10:00:00Z"), want: invalid("first_contact", "/first_contact_at")},
		"unknown question":             {change: set("answers/nothing", true), want: invalid("unknown_item", "/answers/nothing")},
		"a question with a slash":      {change: func(b object) { b["answers"].(object)["a/b~c"] = true }, want: invalid("unknown_item", "/answers/a~1b~0c")},
		"text for a yes or no":         {change: set("answers/recurrent-earache", "yes"), want: invalid("wrong_type", "/answers/recurrent-earache")},
		"unknown option":               {change: set("answers/condition", "plague"), want: invalid("unknown_code", "/answers/condition")},
		"an object for an answer":      {change: set("answers/condition", object{}), want: invalid("wrong_type", "/answers/condition")},
		"lead":                         {key: "lead", want: refusal{403, "forbidden", ""}},
		"operator":                     {key: "operator", want: refusal{403, "forbidden", ""}},
		"org admin":                    {key: "org_admin", want: refusal{403, "forbidden", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			key := test.key
			if key == "" {
				key = "app"
			}
			var body any = test.raw
			if test.raw == "" {
				o := w.soreThroat()
				if test.change != nil {
					test.change(o)
				}
				body = o
			}
			test.want.check(t, w.call(t, key, "POST", "/api/v1/requests", body, "Idempotency-Key", uuid.NewString()))
		})
	}
	t.Run("every place at once", func(t *testing.T) {
		body := w.soreThroat()
		all(set("patient/nhs_number", "1"), set("patient/birth_date", "x"), set("channel", "y"))(body)
		got := w.submit(t, "app", body)
		if len(got.fields()) != 3 || got.text("detail") != "3 parts of this are not valid." {
			t.Errorf("%s", got.body)
		}
	})
	t.Run("keys", func(t *testing.T) {
		refusal{400, "idempotency_key_required", ""}.check(t, w.call(t, "app", "POST", "/api/v1/requests", w.soreThroat()))
		refusal{400, "idempotency_key_format", ""}.check(t, w.call(t, "app", "POST", "/api/v1/requests", w.soreThroat(), "Idempotency-Key", strings.Repeat("k", 256)))
		refusal{400, "idempotency_key_format", ""}.check(t, w.call(t, "app", "POST", "/api/v1/requests", w.soreThroat(), "Idempotency-Key", "caf\u00e9"))
		refusal{401, "not_signed_in", ""}.check(t, w.call(t, "", "POST", "/api/v1/requests", w.soreThroat()))
		refusal{401, "unknown_key", ""}.check(t, w.call(t, "nobody", "POST", "/api/v1/requests", w.soreThroat()))
	})
	if n := w.stored(t); n != 0 {
		t.Errorf("%d requests were stored, and none was good", n)
	}
}

// stored counts what the refused calls must not have left behind.
func (w *world) stored(t *testing.T) (n int) {
	t.Helper()
	for _, slug := range []string{"riverside", "hillside"} {
		err := w.DB.InTx(t.Context(), tenants.JobOf(demo.NeighbourhoodID(slug)), func(tx *database.Tx) error {
			var found int
			err := tx.Pgx().QueryRow(t.Context(), `select
				(select count(*) from requests) + (select count(*) from decisions) + (select count(*) from idempotency_keys) +
				(select count(*) from audit_entries where action like 'request.%')`).Scan(&found)
			n += found
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// The two that cannot be told apart: a neighbourhood that is another's and one that does not exist.
func TestAnothersNeighbourhoodIsAsUnknownAsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs, none := w.soreThroat(), w.soreThroat()
	theirs["neighbourhood"], none["neighbourhood"] = "hillside", "nowhere"
	a, b := w.submit(t, "app", theirs), w.submit(t, "app", none)
	if string(a.body) != string(b.body) || a.StatusCode != 422 {
		t.Errorf("%s\n%s", a.body, b.body)
	}
}

func TestWhatMayBeMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(object){
		"names on the telephone":     all(set("channel", "phone"), set("patient/given_name", nil), set("patient/family_name", nil)),
		"no answers at all":          set("answers", nil),
		"nobody on the register":     all(set("patient/nhs_number", nil), set("patient/postcode", "ZZ99 3VZ")),
		"a pharmacy from elsewhere":  set("choices/pharmacy", "FXX99"),
		"a proxy":                    set("proxy", object{"name": "Ada Okafor", "relationship": "mother"}),
		"an earlier first contact":   set("first_contact_at", "2026-11-22T18:00:00+00:00"),
		"everything about a patient": all(set("patient/sex", "male"), set("patient/mobile", "07700 900123"), set("patient/postcode", "rs11ad"), set("patient/safe_to_text", false)),
		"words in many scripts":      set("patient/given_name", "Łukasz 李 أحمد"),
	} {
		body := w.soreThroat()
		change(body)
		if got := w.submit(t, "app", body); got.StatusCode != 201 {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
	body := w.soreThroat()
	body["answers"].(object)["recurrent-uti"] = true
	if got := must(t, w.submit(t, "app", body), 201); got.json["ignored"].([]any)[0] != "recurrent-uti" {
		t.Errorf("an answer that nobody asked for: %s", got.body)
	}
}

func TestBadCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := "/api/v1/requests/" + must(t, w.submit(t, "app", w.soreThroat()), 201).text("reference")
	must(t, w.call(t, "receptionist", "POST", at+"/claim", nil), 200)
	long := strings.Repeat("x", 5000)
	for name, test := range map[string]struct {
		path string
		body any
		want refusal
	}{
		"unknown command":         {at + "/destroy", object{}, refusal{404, "not_found", ""}},
		"not a reference":         {"/api/v1/requests/12345/claim", object{}, refusal{404, "not_found", ""}},
		"wrong check digit":       {"/api/v1/requests/1234567890/claim", object{}, refusal{404, "not_found", ""}},
		"an injection":            {"/api/v1/requests/1%27%20or%201=1--/claim", object{}, refusal{404, "not_found", ""}},
		"version in words":        {at + "/claim", object{"version": "1"}, refusal{422, "wrong_type", "/version"}},
		"version 0":               {at + "/claim", object{"version": 0}, refusal{422, "version_format", "/version"}},
		"an old version":          {at + "/raise", object{"version": 1, "urgency": "urgent", "reason": "x"}, refusal{409, "stale_version", ""}},
		"unknown field":           {at + "/claim", object{"force": true}, refusal{422, "unknown_field", "/force"}},
		"malformed":               {at + "/claim", "{", refusal{400, "malformed_json", ""}},
		"no reason":               {at + "/close", object{}, refusal{422, "required", "/reason"}},
		"a blank reason":          {at + "/close", object{"reason": " "}, refusal{422, "required", "/reason"}},
		"a reason of 5000":        {at + "/close", object{"reason": long}, refusal{422, "too_long", "/reason"}},
		"no outcome":              {at + "/outcome", object{}, refusal{422, "unknown_outcome", "/outcome"}},
		"unknown outcome":         {at + "/outcome", object{"outcome": "cured"}, refusal{422, "unknown_outcome", "/outcome"}},
		"a note of 5000":          {at + "/outcome", object{"outcome": "done", "note": long}, refusal{422, "too_long", "/note"}},
		"details of another type": {at + "/outcome", object{"outcome": "done", "details": object{"a": 1}}, refusal{422, "wrong_type", "/details/a"}},
		"unknown urgency":         {at + "/raise", object{"urgency": "now", "reason": "x"}, refusal{422, "unknown_urgency", "/urgency"}},
		"already so":              {at + "/raise", object{"urgency": "soon", "reason": "x"}, refusal{409, "not_higher", ""}},
		"no clinician":            {at + "/lower", object{"urgency": "routine", "reason": "x"}, refusal{403, "forbidden", ""}},
		"to nobody":               {at + "/transfer", object{"to": "ZZZ99", "reason": "x"}, refusal{422, "unknown_organisation", "/to"}},
		"to no code":              {at + "/transfer", object{"to": "?", "reason": "x"}, refusal{422, "ods_code_format", "/to"}},
		"to oneself":              {at + "/transfer", object{"to": "A81001", "reason": "x"}, refusal{409, "same_organisation", ""}},
		"to another part":         {at + "/transfer", object{"to": "FRV02", "service": "no-such", "reason": "x"}, refusal{409, "not_accepting", ""}},
		"not on offer":            {at + "/accept", object{}, refusal{409, "not_offered", ""}},
		"replay of nothing":       {"/api/v1/deliveries/" + uuid.NewString() + "/replay", object{}, refusal{403, "forbidden", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			test.want.check(t, w.call(t, "receptionist", "POST", test.path, test.body))
		})
	}
}

func TestBadQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	queue := "/api/v1/queues/" + demo.QueueID("A81001", "general").String() + "/requests"
	for name, test := range map[string]struct {
		key, path string
		want      refusal
	}{
		"unknown view":      {"receptionist", queue + "?view=everything", refusal{422, "unknown_view", ""}},
		"limit in words":    {"receptionist", queue + "?limit=many", refusal{422, "limit_format", ""}},
		"limit 0":           {"receptionist", queue + "?limit=0", refusal{422, "limit_format", ""}},
		"limit 201":         {"receptionist", queue + "?limit=201", refusal{422, "limit_format", ""}},
		"made-up cursor":    {"receptionist", queue + "?cursor=abc", refusal{422, "cursor_format", ""}},
		"not a queue":       {"receptionist", "/api/v1/queues/general/requests", refusal{404, "not_found", ""}},
		"unknown state":     {"receptionist", "/api/v1/deliveries?state=lost", refusal{422, "delivery_state", ""}},
		"deliveries cursor": {"receptionist", "/api/v1/deliveries?cursor=%00%ff", refusal{422, "cursor", ""}},
		"app at the queues": {"app", "/api/v1/queues", refusal{403, "forbidden", ""}},
		"app at deliveries": {"app", "/api/v1/deliveries", refusal{403, "forbidden", ""}},
		"unknown address":   {"app", "/api/v1/requests/1/2/3", refusal{404, "not_found", ""}},
		"wrong method":      {"app", "/api/v1/requests", refusal{405, "wrong_method", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			test.want.check(t, w.call(t, test.key, "GET", test.path, nil))
		})
	}
	bad := w.call(t, "receptionist", "GET", "/api/v1/events", nil, "Last-Event-ID", "first", "Accept", "text/event-stream")
	refusal{400, "event_id", ""}.check(t, bad)
	replay := w.call(t, "org_admin", "POST", "/api/v1/deliveries/"+uuid.NewString()+"/replay", nil)
	refusal{404, "not_found", ""}.check(t, replay)
	refusal{404, "not_found", ""}.check(t, w.call(t, "org_admin", "POST", "/api/v1/deliveries/x/replay", nil))
}
