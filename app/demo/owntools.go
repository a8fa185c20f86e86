package demo

import (
	"time"

	"github.com/google/uuid"

	"onedoor/app/nhs"
	"onedoor/app/owntools"
)

// KeepsOwnTool is the practice of the demonstration that keeps an online tool of its own.
const KeepsOwnTool nhs.ODSCode = "A81002"

// OwnTools are what the demonstration's practices have set of online tools of their own: one keeps a tool, which the simulator
// plays at an address; another has named the key of its supplier's and sends nobody there yet.
func OwnTools(simulator string) []owntools.Tool {
	set := func(ods nhs.ODSCode) owntools.Tool {
		return owntools.Tool{NeighbourhoodID: NeighbourhoodID("riverside"), OrganisationID: OrganisationID(ods), Key: ClientID("partner"), ChangedBy: Seeder().Name, ChangedAt: since}
	}
	keeps, named := set(KeepsOwnTool), set("A81001")
	keeps.Name, keeps.Address, keeps.On = "The Locks Online", simulator+"/own-tools/"+string(KeepsOwnTool), true
	return []owntools.Tool{keeps, named}
}

// OwnToolMoved is what is to be kept of such a tool at a start, and whether anything is: the whole at the first, and only another
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

// ClientID is the id of a key of the demonstration, by its name in demo.json.
func ClientID(name string) uuid.UUID { return id("client/" + name) }
