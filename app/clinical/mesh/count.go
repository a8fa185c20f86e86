package mesh

import (
	"context"
	"errors"

	"onedoor/app/clinical"
)

// errSeveral says that MESH has more than one message under our own id.
var errSeveral = errors.New("more than one message under one id of ours")

// Count asks MESH's tracking how many messages it has under our own id: it tells one from several. What a person had sent again
// is there more than once by right, and then it is only whether the last of them is there.
func (s *System) Count(ctx context.Context, d clinical.Delivery) (int, error) {
	if !d.ReplayedAt.IsZero() {
		return clinical.FoundOnce(ctx, s, d)
	}
	t, found, err := s.trackOurs(ctx, d.Document)
	var refused *clinical.Refused
	switch {
	case errors.Is(err, errSeveral):
		return 2, nil
	case errors.As(err, &refused) && d.ExternalID != "": // it no longer tells by our id
		return clinical.FoundOnce(ctx, s, d)
	case err != nil:
		return 0, err
	case !found || t.uploading():
		return 0, nil
	}
	if _, err := t.receipt(); errors.As(err, &refused) {
		return 0, nil // it was not delivered
	}
	return 1, nil
}
