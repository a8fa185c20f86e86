package app

import (
	"onedoor/app/deliveries"
)

// deliveryAlarms looks at deliveries and raises what a person should know soon.
func (a *App) deliveryAlarms() *deliveries.Watcher {
	return deliveries.NewWatcher(a.deliveries, a.services.alarms, a.services.directory, a.now)
}
