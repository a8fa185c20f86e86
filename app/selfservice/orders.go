package selfservice

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"onedoor/app/clinical"
	"onedoor/app/requests"
)

// SettleOrders reads back a neighbourhood's orders that are not certain, and says how many became so. One that the system does
// not have after a while did not arrive: it is not sent again, and its request stands in the queue.
func (s *Service) SettleOrders(ctx context.Context, neighbourhood uuid.UUID) (settled int, err error) {
	now := s.o.Now()
	due, err := s.o.Store.Due(ctx, neighbourhood, now, now.Add(orderLease), ordersMost)
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, o := range due {
		certain, err := s.settleOrder(ctx, o)
		if err != nil {
			problems = append(problems, err)
		}
		if certain {
			settled++
		}
	}
	return settled, errors.Join(problems...)
}

func (s *Service) settleOrder(ctx context.Context, o MedicineOrder) (bool, error) {
	order, _, found, err := s.asked(ctx, o)
	switch {
	case err != nil:
		o = o.after(&clinical.Unknown{Says: "The practice’s system cannot be asked now whether it has the order."}, s.o.Now())
	case found:
		o = o.after(nil, s.o.Now())
	case s.o.Now().Sub(o.AskedAt) > orderArrives:
		o = o.after(&clinical.Refused{Says: "The order did not arrive in the practice’s system."}, s.o.Now())
	default:
		o = o.after(&clinical.Unknown{Says: "The practice’s system does not have the order yet."}, s.o.Now())
	}
	if o.State == OrderPlaced { // first: it is noted again, without a second effect, should the next step fail
		if err := s.o.Requests.Ordered(ctx, o.NeighbourhoodID, requests.Reference(order.Reference), o.OrganisationID, o.ID); err != nil {
			return false, err
		}
	}
	if err := s.o.Store.Save(ctx, o); err != nil {
		return false, err
	}
	return o.State != OrderUnknown, nil
}

// OrderStanding is what the practice's system says of an order that stands in the place of a request's task, and whose
// request it is.
func (s *Service) OrderStanding(ctx context.Context, a requests.Arrival) (requests.Reference, clinical.Standing, bool, error) {
	o, err := s.o.Store.Get(ctx, a.NeighbourhoodID, a.ID)
	if err != nil {
		return "", clinical.Standing{}, false, err
	}
	order, standing, found, err := s.asked(ctx, o)
	return requests.Reference(order.Reference), standing, found, err
}

// asked asks the system by which an order went.
func (s *Service) asked(ctx context.Context, o MedicineOrder) (order clinical.MedicineOrder, standing clinical.Standing, found bool, err error) {
	plain, err := s.o.Sealer.Open(ctx, o.NeighbourhoodID, o.Sealed, orderContext(o.ID))
	if err != nil {
		return order, standing, false, err
	}
	if err := json.Unmarshal(plain, &order); err != nil {
		return order, standing, false, err
	}
	system, err := s.o.Systems.Of(ctx, o.NeighbourhoodID, o.IntegrationID)
	if err != nil {
		return order, standing, false, err
	}
	dispensary, ok := system.(clinical.RepeatMedicines)
	if !ok {
		return order, standing, false, &clinical.Refused{Says: "The connection to the practice’s system was changed. A person has to look."}
	}
	asking, cancel := context.WithTimeout(ctx, s.o.Budget)
	defer cancel()
	standing, found, err = dispensary.Asked(asking, order)
	return order, standing, found, err
}
