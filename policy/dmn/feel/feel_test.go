package feel_test

import (
	"strings"
	"testing"
	"time"

	"onedoor/policy/dmn/feel"
)

// evaluate gives an expression's value as FEEL writes it.
func evaluate(t *testing.T, text string, variables map[string]feel.Value) string {
	t.Helper()
	var names []string
	scope := feel.NewScope(nil)
	for name, v := range variables {
		names = append(names, name)
		scope.Set(name, v)
	}
	e, err := feel.ParseExpression(text, feel.NewNames(names, []string{"first name"}, nil))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return feel.Source(e.Eval(&feel.Run{Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}, scope))
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	person := feel.NewContext()
	person.Put("first name", "Ada")
	variables := map[string]feel.Value{
		"Monthly Fee": feel.NewNumber(10), "Monthly Fee - Discount": feel.NewNumber(7), "Discount": feel.NewNumber(1),
		"a/b": "name", "person": person, "none": nil,
	}
	for text, want := range map[string]string{
		"1 + 2 * 3 ** 2":                    "19",
		"0.1 + 0.2":                         "0.3",
		"1 / 3":                             "0.3333333333333333333333333333333333",
		"10 / 0":                            "null",
		"-2 - -3":                           "1",
		"Monthly Fee + Discount":            "11",
		"Monthly Fee - Discount":            "7", // the longest name there is
		"(Monthly Fee) - Discount":          "9",
		"a/b + \"s\"":                       `"names"`,
		"person.first name":                 `"Ada"`,
		"none.first name":                   "null",
		"none + 1":                          "null",
		"none = null":                       "true",
		"1 = \"1\"":                         "null",
		"true and none":                     "null",
		"false and none":                    "false",
		"true or none":                      "true",
		"if none then 1 else 2":             "2",
		"5 between 1 and 5":                 "true",
		"5 in (< 3, [5..7])":                "true",
		"5 in ]5..7]":                       "false",
		"[1, 2, 3][item > 1]":               "[2, 3]",
		"[1, 2, 3][-1]":                     "3",
		"[{a: 1}, {a: 2}][a = 2].a":         "[2]",
		"for x in 1..3 return x * 2":        "[2, 4, 6]",
		"some x in [1, 2] satisfies x > 1":  "true",
		"every x in [1, 2] satisfies x > 1": "false",
		"{a: 1, b: a + 1}.b":                "2",
		"{first name: 1}.first name":        "1",
		"date(\"2024-01-31\") + duration(\"P1M\")":                    "2024-02-29",
		"@\"2026-03-29T00:30:00@Europe/London\" + @\"PT1H\"":          "2026-03-29T02:30:00@Europe/London",
		"date(\"2024-02-30\")":                                        "null",
		"@\"2024-03-01\" - @\"2024-02-01\"":                           "P29D",
		"years and months duration(@\"2020-05-10\", @\"2024-04-09\")": "P3Y10M",
		"string length(\"naïve\")":                                    "5",
		"substring(\"foobar\", -3, 2)":                                `"ba"`,
		"replace(\"abc\", \"(b)\", \"[$1]\")":                         `"a[b]c"`,
		"split(\"a;b\", \";\")":                                       `["a", "b"]`,
		"decimal(2.5, 0)":                                             "2",
		"round half up(2.5, 0)":                                       "3",
		"modulo(-12, 5)":                                              "3",
		"sum([])":                                                     "null",
		"max(1, 3, 2)":                                                "3",
		"now()":                                                       "2026-11-22T09:00:00Z",
		"today()":                                                     "2026-11-22",
		"\"\\u00e9\\U01F40E\"":                                        `"é🐎"`,
		"1 // a comment":                                              "1",
		"/* one */ 2":                                                 "2",
		"(function(x: number) x + 1)(2)":                              "3",
		"substring(start position: 2, string: \"abc\")":               `"bc"`,
		"nothing": "null",
	} {
		if got := evaluate(t, text, variables); got != want {
			t.Errorf("%s: %s, expected %s", text, got, want)
		}
	}
}

func TestProblemsNameTheirPlace(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"1 +":                          "character 4 of “1 +”: expected an expression, found the end",
		"[1..":                         "expected an expression, found the end",
		"(1":                           "expected ) to close the bracket, found the end",
		"if 1 then 2":                  "expected else after the first result, found the end",
		`"open`:                        "the text in quotes has no end",
		"1 2":                          "expected the end, found “2”",
		"x instance of y":              "there is no type “y”",
		"1\n+ +":                       "line 2, column 3 of the expression",
		"/* open":                      "the comment has no end",
		"@5":                           "expected text in quotes after @",
		strings.Repeat("(", 1000):      "nests more than 250 deep",
		strings.Repeat("[", 200) + "1": "deep",
	} {
		_, err := feel.ParseExpression(text, nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: expected %q, got %v", text, says, err)
		}
	}
}

func TestReasonsSayWhyItIsNull(t *testing.T) {
	t.Parallel()
	e, err := feel.ParseExpression("missing + 1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &feel.Run{}
	if v := e.Eval(r, nil); v != nil || len(r.Reasons()) == 0 || r.Reasons()[0] != "nothing is called missing here" {
		t.Errorf("%v %q", v, r.Reasons())
	}
}

func FuzzExpression(f *testing.F) {
	for _, text := range []string{
		"1 + 2", `if a then "b" else null`, "[1..5][item > 2]", "for x in [1, 2], y in x return {a: x, b c: y}", "not(a) and b or c", "x in (< 5, ]1..2[)",
		`date("2024-01-01") + @"P1D"`, "function(a: number, b) a ** b", "some x in y satisfies x.z = 1", `matches("a", "[a-z]")`, "f(a: 1, b: 2)[1].c",
		"a instance of list<number>", "[1..3[", "((((1))))", `"\u00e9"`, "-1e5", "{a: {b: [1]}}", "a.b.c[d]", "5 between 1 and 2", "1..2",
	} {
		f.Add(text)
	}
	names := feel.NewNames([]string{"a", "b c", "x-y"}, []string{"c d"}, nil)
	f.Fuzz(func(_ *testing.T, text string) {
		scope := feel.NewScope(nil)
		scope.Set("a", feel.NewNumber(1))
		scope.Set("b c", feel.List{"x"})
		if e, err := feel.ParseExpression(text, names); err == nil {
			_ = feel.Source(e.Eval(&feel.Run{}, scope))
			_, _ = e.Literal()
		}
		if u, err := feel.ParseUnaryTests(text, names); err == nil {
			u.Test(&feel.Run{}, scope, feel.NewNumber(2))
			_, _, _ = u.Plain()
		}
	})
}

// What a value is written as reads as the value.
func FuzzLiteralsComeBack(f *testing.F) {
	f.Add("text with \"quotes\" and \\", "12.50", "2024-02-29")
	f.Add("\n\t", "-1e-5", "P1DT2H")
	f.Add("é🐎", "99999999999999999999999999999999999", "10:20:30.5+01:00")
	f.Fuzz(func(t *testing.T, text, number, temporal string) {
		l := feel.List{text}
		if n, ok := feel.ParseNumber(number); ok && n.Exponent > -100 && n.Exponent < 100 {
			l = append(l, n)
		}
		if v, ok := feel.ParseTemporal(temporal); ok {
			again, ok := feel.ParseTemporal(feel.Text(v))
			if equal, _ := feel.Equal(v, again); !ok || !equal {
				t.Fatalf("%q is written as %q", temporal, feel.Text(v))
			}
		}
		e, err := feel.ParseExpression(feel.Source(l), nil)
		if !strings.Contains(text, "\ufffd") && err != nil && strings.ToValidUTF8(text, "") == text {
			t.Fatalf("%s: %v", feel.Source(l), err)
		}
		if err != nil {
			return
		}
		if back, ok := e.Literal(); !ok || feel.Source(back) != feel.Source(l) {
			t.Fatalf("%s comes back as %s", feel.Source(l), feel.Source(back))
		}
	})
}
