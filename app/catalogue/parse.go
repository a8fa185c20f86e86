package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"onedoor/app/fault"
	"onedoor/app/nhs"
)

// fieldsMost is how many wrong answers one refusal lists: a hostile body must not make a longer reply than it is itself.
const fieldsMost = 100

// ParseAnswers reads answers as the API carries them: an option's code, a boolean, a whole number, "YYYY-MM-DD" or a string,
// in an array where the item repeats. Missing answers are fine, required ones too. Answers to items that are not enabled,
// and answers that contradict what is known of the person, are dropped and listed in ignored, in document order. What cannot
// be read at all is one *fault.Error of kind Invalid with every place, such as /answers/condition.
func (q *Questionnaire) ParseAnswers(raw map[string]json.RawMessage, known Known) (answers Answers, ignored []string, err error) {
	ids := make([]string, 0, len(raw))
	for id := range raw {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	given := make(Answers, len(raw))
	var fields []fault.Field
	for _, id := range ids {
		if len(fields) == fieldsMost {
			break
		}
		it, ok := q.byLinkID[id]
		if !ok || it.Type == TypeGroup {
			fields = append(fields, fault.Field{
				Pointer: pointer(id), Code: "unknown_item", Says: "This kind of request has no question with this linkId.",
			})
			continue
		}
		values, err := it.Parse(raw[id])
		if err != nil {
			fields = append(fields, fault.As(err).Fields...)
			continue
		}
		if len(values) > 0 {
			given[id] = values
		}
	}
	if len(fields) > 0 {
		return nil, nil, fault.InvalidFields(fields)
	}
	answers, ignored = q.Settle(given, known)
	return answers, ignored, nil
}

// Wire is the answers as ParseAnswers reads them. Derived ones and those of unknown items are left out.
func (q *Questionnaire) Wire(a Answers) (map[string]json.RawMessage, error) {
	wire := make(map[string]json.RawMessage, len(a))
	for id, values := range a {
		it, ok := q.byLinkID[id]
		if !ok || it.Hidden || len(values) == 0 {
			continue
		}
		var plain any = values
		if !it.Repeats {
			plain = values[0]
		}
		b, err := json.Marshal(plain)
		if err != nil {
			return nil, fmt.Errorf("write the answer to %s: %w", id, err)
		}
		wire[id] = b
	}
	return wire, nil
}

// Parse reads one answer as the API carries it. Nothing at all, such as an empty text, is no values and no error.
func (it *Item) Parse(raw json.RawMessage) ([]Value, error) {
	raw = bytes.TrimSpace(raw)
	isArray := len(raw) > 0 && raw[0] == '['
	if isArray != it.Repeats {
		return nil, it.wrongType()
	}
	if !isArray {
		value, err := it.parseOne(raw)
		if err != nil {
			return nil, err
		}
		return it.Check([]Value{value})
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil, it.wrongType()
	}
	if len(list) > len(it.Options) {
		return nil, it.fault("too_many", "Choose each answer once.")
	}
	values := make([]Value, 0, len(list))
	for _, element := range list {
		value, err := it.parseOne(element)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return it.Check(values)
}

func (it *Item) parseOne(raw json.RawMessage) (Value, error) {
	var value Value
	if err := value.UnmarshalJSON(raw); err != nil {
		if fault.Is(err, "not_utf8") {
			return Value{}, it.fault("not_utf8", "This must be valid UTF-8 text.")
		}
		return Value{}, it.wrongType()
	}
	return value, nil
}

// ParseForm reads one answer from a form's fields: true, yes, false or no; digits; YYYY-MM-DD; codes; words.
func (it *Item) ParseForm(fields []string) ([]Value, error) {
	values := make([]Value, 0, len(fields))
	for _, field := range fields {
		s := strings.TrimSpace(field)
		switch {
		case s == "":
		case it.Type == TypeBoolean:
			if s != "true" && s != "yes" && s != "false" && s != "no" {
				return nil, it.wrongType()
			}
			values = append(values, Bool(s == "true" || s == "yes"))
		case it.Type == TypeInteger:
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return nil, it.wrongType()
			}
			values = append(values, Int(n))
		default:
			values = append(values, Text(field))
		}
	}
	return it.Check(values)
}

// Check says whether values answer the item, and puts them in one form: options in the order of the item, words with plain
// line ends and without space around them. No values, or words that are only space, are no answer. The error is a
// *fault.Error of kind Invalid with one field.
func (it *Item) Check(values []Value) ([]Value, error) {
	if it.Type == TypeGroup {
		return nil, it.fault("unknown_item", "A group of questions has no answer of its own.")
	}
	if len(values) > 1 && !it.Repeats {
		return nil, it.fault("too_many", "Give one answer.")
	}
	if it.Type == TypeChoice {
		return it.checkCodes(values)
	}
	if len(values) == 0 {
		return nil, nil
	}
	switch value := values[0]; it.Type {
	case TypeBoolean:
		if _, ok := value.Bool(); !ok {
			return nil, it.wrongType()
		}
	case TypeInteger:
		n, ok := value.Int()
		if !ok {
			return nil, it.wrongType()
		}
		if n < int64(*it.Min) || n > int64(*it.Max) {
			return nil, it.fault("out_of_range", fmt.Sprintf("Enter a whole number from %d to %d.", *it.Min, *it.Max))
		}
	case TypeDate:
		s, ok := value.Text()
		if !ok {
			return nil, it.wrongType()
		}
		s = strings.TrimSpace(s)
		d, err := nhs.ParseDate(s)
		if err != nil || d.Year < 1900 || d.Year > 2199 {
			return nil, it.fault("date_format", "Enter a real date, such as 27 4 2027.")
		}
		return []Value{Text(d.String())}, nil
	default:
		return it.checkWords(value)
	}
	return values, nil
}

func (it *Item) checkCodes(values []Value) ([]Value, error) {
	chosen := make([]Value, 0, len(values))
	for _, value := range values {
		code, ok := value.Text()
		if !ok {
			return nil, it.wrongType()
		}
		o, listed := it.Option(code)
		switch {
		case !listed:
			return nil, it.fault("unknown_code", "Choose from the answers listed.")
		case slices.Contains(chosen, value):
			return nil, it.fault("duplicate_code", "Choose each answer once.")
		case o.Exclusive && len(values) > 1:
			return nil, it.fault("exclusive_with_others", fmt.Sprintf("Choose “%s”, or other answers, not both.", o.Display))
		}
		chosen = append(chosen, value)
	}
	if len(chosen) == 0 {
		return nil, nil
	}
	order := func(v Value) int {
		return slices.IndexFunc(it.Options, func(o Option) bool { return o.Code == v.text })
	}
	slices.SortFunc(chosen, func(a, b Value) int { return order(a) - order(b) })
	return chosen, nil
}

func (it *Item) checkWords(value Value) ([]Value, error) {
	s, ok := value.Text()
	if !ok {
		return nil, it.wrongType()
	}
	if !utf8.ValidString(s) {
		return nil, it.fault("not_utf8", "This must be valid UTF-8 text.")
	}
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if s == "" {
		return nil, nil
	}
	if n := utf8.RuneCountInString(s); n > it.MaxLength {
		return nil, it.fault("too_long", fmt.Sprintf("Use %d characters or fewer.", it.MaxLength))
	}
	for _, r := range s {
		if unicode.IsControl(r) && (r != '\n' || it.Type != TypeText) && r != '\t' {
			return nil, it.fault("control_character", "Remove characters that cannot be printed.")
		}
	}
	return []Value{Text(s)}, nil
}

func (it *Item) wrongType() error {
	switch it.Type {
	case TypeBoolean:
		return it.fault("wrong_type", "Answer true or false.")
	case TypeInteger:
		return it.fault("wrong_type", "Enter a whole number in digits.")
	case TypeDate:
		return it.fault("wrong_type", "Enter a date as YYYY-MM-DD.")
	case TypeChoice:
		if it.Repeats {
			return it.fault("wrong_type", "Answer with a list of the codes of options.")
		}
		return it.fault("wrong_type", "Answer with the code of one option.")
	}
	return it.fault("wrong_type", "Answer with a text.")
}

// fault is a refusal of the answer to this item. It never holds the answer.
func (it *Item) fault(code, says string) *fault.Error {
	return fault.InvalidFields([]fault.Field{{Pointer: pointer(it.LinkID), Code: code, Says: says}})
}

// pointer is the place of an answer in the body of a request, as in RFC 6901.
func pointer(linkID string) string {
	return "/answers/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(linkID)
}

// wellFormed reports whether a JSON string can be decoded without loss: encoding/json would put U+FFFD in place of bytes
// that are not UTF-8 and of half surrogate pairs, and so change a patient's words without saying so.
func wellFormed(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		if i+1 < len(b) && b[i+1] != 'u' {
			i++
			continue
		}
		unit, ok := escapedUnit(b[i:])
		if !ok {
			return false
		}
		i += 5
		switch {
		case unit < 0xD800 || unit > 0xDFFF:
		case unit >= 0xDC00:
			return false
		default:
			low, ok := escapedUnit(b[i+1:])
			if !ok || low < 0xDC00 || low > 0xDFFF {
				return false
			}
			i += 6
		}
	}
	return true
}

// escapedUnit reads \uXXXX at the start of b.
func escapedUnit(b []byte) (uint64, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 32)
	return unit, err == nil
}
