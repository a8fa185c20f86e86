package operations

import (
	"slices"

	"github.com/google/uuid"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/policy/access"
)

// place is whose setting it is.
type place struct {
	slug, name   string
	organisation uuid.UUID // zero for the neighbourhood's own
}

// places are those that a person may do an action to: a lead the neighbourhood's own, others their organisations'.
func (k *call) places(object, action string) []place {
	var list []place
	if slices.Contains(k.who.Reaches(object, action), access.Neighbourhood) {
		list = append(list, place{theNeighbourhood, k.directory.Neighbourhood().Name + "’s own front door and line", uuid.Nil})
	}
	for _, o := range k.directory.Organisations() {
		if k.who.MayIn(o.ID, object, action) {
			list = append(list, place{string(o.ODS), o.Name, o.ID})
		}
	}
	return list
}

// place finds the one in the address. Another's is as if it were absent.
func (k *call) place(object, action string) (place, error) {
	slug := k.c.Param("place")
	if slug != theNeighbourhood {
		code, err := nhs.ParseODSCode(slug)
		if err != nil {
			return place{}, fault.Absent()
		}
		slug = string(code)
	}
	list := k.places(object, action)
	i := slices.IndexFunc(list, func(p place) bool { return p.slug == slug })
	if i < 0 {
		return place{}, fault.Absent()
	}
	return list[i], nil
}

// organisationPlace is place for what organisations alone have: the neighbourhood's own is absent too.
func (k *call) organisationPlace(object, action string) (place, error) {
	p, err := k.place(object, action)
	if err == nil && p.organisation == uuid.Nil {
		err = fault.Absent()
	}
	return p, err
}
