package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"onedoor/app/alarms"
	"onedoor/app/deliveries"
	"onedoor/app/messages"
	"onedoor/app/nhs"
)

// deliveryAlarms looks at deliveries and raises what a person should know soon.
func (a *App) deliveryAlarms() *deliveries.Watcher {
	return deliveries.NewWatcher(a.deliveries, a.services.alarms, a.services.directory, a.now)
}

// tellOfAlarms has who is on call texted when an alarm rises.
func (a *App) tellOfAlarms() error {
	if a.config.AlarmTexts == "" {
		return nil
	}
	if a.services.outbox == nil {
		return errors.New("--alarm-texts needs a way to send texts: set --notify-key")
	}
	var numbers []nhs.Phone
	for written := range strings.SplitSeq(a.config.AlarmTexts, ",") {
		number, err := nhs.ParsePhone(strings.TrimSpace(written))
		if err != nil {
			return fmt.Errorf("--alarm-texts: %w", err)
		}
		numbers = append(numbers, number)
	}
	a.services.alarms.TellBy(func(ctx context.Context, alarm alarms.Alarm) error {
		var problems []error
		for i, to := range numbers {
			_, err := a.services.outbox.Queue(ctx, messages.Message{
				NeighbourhoodID: alarm.NeighbourhoodID, To: to, Once: fmt.Sprintf("alarm/%s/%d", alarm.ID, i),
				Text: messages.Text{Template: messages.AlarmText, Language: "en", From: "Onedoor", Address: a.config.base() + "/operations"},
			})
			problems = append(problems, err)
		}
		return errors.Join(problems...)
	})
	return nil
}
