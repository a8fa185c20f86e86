package simulationstore

import (
	"cmp"
	"maps"
	"slices"

	"onedoor/app/simulations"
	"onedoor/policy"
	"onedoor/policy/simulate"
)

// mostFrequent decodes the facts that were counted most.
func mostFrequent(counted map[string]int, limit int) ([]simulations.Past, error) {
	lines := slices.SortedFunc(maps.Keys(counted), func(a, b string) int {
		return cmp.Or(cmp.Compare(counted[b], counted[a]), cmp.Compare(a, b))
	})
	decoder := simulate.NewDecoder()
	var list []simulations.Past
	for _, line := range lines[:min(limit, len(lines))] {
		facts := policy.Facts{}
		if err := decoder.Facts([]byte(line), facts); err != nil {
			return nil, err
		}
		list = append(list, simulations.Past{Facts: facts, Count: counted[line]})
	}
	return list, nil
}
