package demo

import (
	"time"

	"onedoor/app/nhs"
	"onedoor/app/owntools"
)

// KeepsOwnTool is the practice of the demonstration that keeps an online tool of its own.
const KeepsOwnTool nhs.ODSCode = "A81002"

// OwnTool is that tool, which the simulator plays at an address.
func OwnTool(simulator string) owntools.Tool {
	return owntools.Tool{
		NeighbourhoodID: NeighbourhoodID("riverside"), OrganisationID: OrganisationID(KeepsOwnTool), Name: "The Locks Online",
		Address: simulator + "/own-tools/" + string(KeepsOwnTool), On: true, ChangedBy: Seeder().Name, ChangedAt: since,
	}
}

// OwnToolMoved is what is to be kept of that tool at a start, and whether anything is: the whole at the first, and only another
// address of the simulator at a later one. What an administrator changed stays so.
func OwnToolMoved(kept owntools.Tool, found bool, wanted owntools.Tool, now time.Time) (owntools.Tool, bool) {
	if !found {
		return wanted, true
	}
	if kept.Address == wanted.Address || pathOf(kept.Address) != pathOf(wanted.Address) {
		return kept, false
	}
	kept.Address, kept.ChangedAt = wanted.Address, now
	return kept, true
}

// PartnerKey is the key of another online tool in riverside.
func PartnerKey() string { return string(keyOf("partner")) }
