package dialogue

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"onedoor/app/intake"
	"onedoor/tenants"
)

// pharmacyKeys are the keys of one menu of pharmacies; the one after them is for none.
const (
	pharmacyKeys = 4
	noneKey      = "5"
)

// askPharmacy says every pharmacy of the neighbourhood by name, none before another but by the alphabet. A nomination on
// record is not said, since nobody has proved who they are.
func (d *Driver) askPharmacy(ctx context.Context, s *State) (Turn, error) {
	list, err := d.pharmacies(ctx, s)
	if err != nil {
		return Turn{}, err
	}
	say := []Phrase{d.say(s, "pharmacy")}
	for i, group := range groups(within(list, s.Menu)) {
		key := strconv.Itoa(i + 1)
		if len(group) == 1 {
			say = append(say, d.say(s, "press", "choice", group[0].Name, "key", key))
			continue
		}
		say = append(say, d.say(s, "pharmacy-range", "first", group[0].Name, "last", group[len(group)-1].Name, "key", key))
	}
	say = append(say, d.say(s, "pharmacy-none"))
	if s.Menu != "" {
		say = append(say, d.say(s, "go-back"))
	}
	return Turn{Say: say, Expect: s.keys(1)}, nil
}

func (d *Driver) keyPharmacy(ctx context.Context, s *State, keys string) (Turn, error) {
	switch {
	case keys == noneKey:
		return d.give(ctx, s, intake.Pharmacy, "wrong-key")
	case keys == "" && s.Menu != "":
		s.Menu = s.Menu[:len(s.Menu)-1]
		return d.enter(ctx, s, stepPharmacy)
	case keys == "":
		return Turn{}, refusal("wrong-key")
	}
	list, err := d.pharmacies(ctx, s)
	if err != nil {
		return Turn{}, err
	}
	open := groups(within(list, s.Menu))
	n, err := strconv.Atoi(keys)
	if err != nil || n < 1 || n > len(open) {
		return Turn{}, refusal("wrong-key")
	}
	if group := open[n-1]; len(group) == 1 {
		return d.give(ctx, s, intake.Pharmacy, "wrong-key", string(group[0].ODS))
	}
	s.Menu += keys
	return d.enter(ctx, s, stepPharmacy)
}

// pharmacies are those that take part today, by name.
func (d *Driver) pharmacies(ctx context.Context, s *State) ([]tenants.Organisation, error) {
	directory, err := d.directory(ctx, s)
	if err != nil {
		return nil, err
	}
	today := d.today()
	list := slices.DeleteFunc(directory.Organisations(), func(o tenants.Organisation) bool {
		return o.Kind != tenants.Pharmacy || !directory.TakesPart(o.ID, today)
	})
	slices.SortFunc(list, func(a, b tenants.Organisation) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.ODS), string(b.ODS)))
	})
	return list, nil
}

// groups divides a list into as many parts as there are keys, as even as can be.
func groups(list []tenants.Organisation) [][]tenants.Organisation {
	n := min(len(list), pharmacyKeys)
	parts := make([][]tenants.Organisation, 0, n)
	for i := range n {
		parts = append(parts, list[i*len(list)/n:(i+1)*len(list)/n])
	}
	return parts
}

// within is the part of a list that a path of keys opened.
func within(list []tenants.Organisation, path string) []tenants.Organisation {
	for _, key := range path {
		open := groups(list)
		i := int(key - '1')
		if i < 0 || i >= len(open) {
			return list
		}
		list = open[i]
	}
	return list
}
