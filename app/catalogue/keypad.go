package catalogue

import (
	"fmt"
	"slices"
	"strconv"

	"onedoor/app/fault"
)

// How an item is keyed.
const (
	KeyYesNo     = "yes-no"    // 1 yes, 2 no
	KeyMenu      = "menu"      // the key of an option, or of a group and then of an option
	KeyDigits    = "digits"    // a number of at most Length digits
	KeyDate      = "date"      // 8 digits: day, month, year
	KeyRecording = "recording" // speech, kept for staff to hear
)

// menuMost is how many keys one menu has at most, besides 0 for a person: more cannot be kept in mind.
const menuMost = 5

// Key is how an item is answered on a telephone.
type Key struct {
	Kind   string
	Length int // digits that make it complete: 1 for yes-no, 8 for a date; 0 where it varies
}

// MenuEntry is one key of a menu: an option, or a group that opens another menu.
type MenuEntry struct {
	Key     string // the whole path of digits from the top
	Say     string
	Code    string      // of the option or kind; "" for a group
	Entries []MenuEntry // of a group
}

// checkKey refuses an item that a keypad cannot render, and gives every option its digits.
func (b *builder) checkKey(it *Item, x extensions) {
	kind := x.text(extKey)
	if !it.Asked() {
		if kind != "" {
			b.refuse(it.LinkID, "it is never asked, and so is never keyed")
		}
		return
	}
	if it.Say == "" {
		b.refuse(it.LinkID, "it has no keypad rendering: the extension say is missing")
	}
	if kind != keyOf(it.Type) {
		b.refuse(it.LinkID, "it has no keypad rendering: the extension key must be %q for the type %s", keyOf(it.Type), it.Type)
		return
	}
	it.Key.Kind = kind
	length := x.integer(extKeyLength)
	if (length != nil) != (kind == KeyDigits) {
		b.refuse(it.LinkID, "key-length is needed for digits, and for nothing else")
		return
	}
	switch kind {
	case KeyYesNo:
		it.Key.Length = 1
	case KeyDate:
		it.Key.Length = 8
	case KeyDigits:
		it.Key.Length = *length
		if it.Min == nil || it.Max == nil || *it.Min < 0 || *length < 1 || *length > 9 || len(strconv.Itoa(*it.Max)) > *length {
			b.refuse(it.LinkID, "key-length is 1 to 9, and every number from minValue to maxValue must fit it")
		}
	case KeyMenu:
		if says := keyOptions(it.Options); says != "" {
			b.refuse(it.LinkID, "it has no keypad rendering: %s", says)
		}
	}
}

func keyOf(itemType string) string {
	switch itemType {
	case TypeBoolean:
		return KeyYesNo
	case TypeChoice:
		return KeyMenu
	case TypeInteger:
		return KeyDigits
	case TypeDate:
		return KeyDate
	case TypeString, TypeText:
		return KeyRecording
	}
	return ""
}

// keyOptions numbers options in their groups; it says what is wrong when they do not fit a menu.
func keyOptions(options []Option) string {
	groups := make([]string, 0, len(options))
	for i := range options {
		groups = append(groups, options[i].Group)
	}
	keys, says := menuKeys(groups)
	if says != "" {
		return says
	}
	for i := range options {
		options[i].Key = keys[i]
	}
	return ""
}

// keyKinds numbers the menu of kinds in the same way.
func keyKinds(kinds []*Kind) error {
	groups := make([]string, 0, len(kinds))
	for _, k := range kinds {
		groups = append(groups, k.Group)
	}
	keys, says := menuKeys(groups)
	if says != "" {
		return fmt.Errorf("catalogue: the menu of kinds has no keypad rendering: %s", says)
	}
	for i, k := range kinds {
		k.Key = keys[i]
	}
	return nil
}

// menuKeys gives each entry its digits from the group that each stands in. Groups take their key at their first entry.
func menuKeys(groups []string) (keys []string, says string) {
	top := 0
	opened := make(map[string]string) // group → its key
	within := make(map[string]int)
	keys = make([]string, 0, len(groups))
	for _, group := range groups {
		if group == "" {
			top++
			keys = append(keys, strconv.Itoa(top))
			continue
		}
		if opened[group] == "" {
			top++
			opened[group] = strconv.Itoa(top)
		}
		within[group]++
		if within[group] > menuMost {
			return nil, fmt.Sprintf("the group %q has more than %d options", group, menuMost)
		}
		keys = append(keys, opened[group]+strconv.Itoa(within[group]))
	}
	if top > menuMost {
		return nil, fmt.Sprintf("the menu has more than %d keys: put the options in groups", menuMost)
	}
	return keys, ""
}

// Menu is the item's options as menus, in the order of their keys. It is empty for other items.
func (it *Item) Menu() []MenuEntry {
	var m menu
	for _, o := range it.Options {
		m.add(o.Group, MenuEntry{Key: o.Key, Say: o.Say, Code: o.Code})
	}
	return m.entries
}

func kindMenu(kinds []*Kind) []MenuEntry {
	var m menu
	for _, k := range kinds {
		m.add(k.Group, MenuEntry{Key: k.Key, Say: k.Say, Code: k.Code})
	}
	return m.entries
}

type menu struct{ entries []MenuEntry }

func (m *menu) add(group string, entry MenuEntry) {
	if group == "" || entry.Key == "" {
		m.entries = append(m.entries, entry)
		return
	}
	i := slices.IndexFunc(m.entries, func(e MenuEntry) bool { return e.Code == "" && e.Say == group })
	if i < 0 {
		m.entries = append(m.entries, MenuEntry{Key: entry.Key[:1], Say: group})
		i = len(m.entries) - 1
	}
	m.entries[i].Entries = append(m.entries[i].Entries, entry)
}

// ParseKeys reads what was keyed for one answer: the digits of an option, 1 or 2, a number, or a date as DDMMYYYY. An item
// that is answered by a recording takes no keys. The error is a sentence that can be said.
func (it *Item) ParseKeys(digits string) (Value, error) {
	again := fault.New(fault.Invalid, "key_not_offered", "That key was not one of the choices.")
	switch it.Key.Kind {
	case KeyYesNo:
		if digits != "1" && digits != "2" {
			return Value{}, again
		}
		return Bool(digits == "1"), nil
	case KeyMenu:
		for _, o := range it.Options {
			if o.Key == digits {
				return Text(o.Code), nil
			}
		}
		return Value{}, again
	case KeyDigits:
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || len(digits) > it.Key.Length {
			return Value{}, fault.New(fault.Invalid, "key_digits", "Key a number of up to %d digits.", it.Key.Length)
		}
		return it.one(Int(int64(n)))
	case KeyDate:
		if len(digits) != it.Key.Length {
			return Value{}, fault.New(fault.Invalid, "key_date", "Key 8 digits: 2 for the day, 2 for the month and 4 for the year.")
		}
		return it.one(Text(digits[4:] + "-" + digits[2:4] + "-" + digits[:2]))
	}
	return Value{}, again
}

// Keys is what a person keys to give a value, the reverse of ParseKeys; "" where it cannot be keyed.
func (it *Item) Keys(v Value) string {
	switch it.Key.Kind {
	case KeyYesNo:
		if yes, _ := v.Bool(); yes {
			return "1"
		}
		return "2"
	case KeyMenu:
		o, _ := it.Option(v.String())
		return o.Key
	case KeyDigits:
		return v.String()
	case KeyDate:
		if d := v.Date(); !d.IsZero() {
			return fmt.Sprintf("%02d%02d%04d", d.Day, int(d.Month), d.Year)
		}
	}
	return ""
}

func (it *Item) one(v Value) (Value, error) {
	values, err := it.Check([]Value{v})
	if err != nil {
		return Value{}, err
	}
	return values[0], nil
}
