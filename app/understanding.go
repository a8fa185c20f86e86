package app

import (
	"onedoor/app/outbound"
	"onedoor/app/store/understandingstore"
	"onedoor/app/understanding"
	"onedoor/app/understanding/local"
	"onedoor/app/understanding/openai"
)

// wireUnderstanding makes the models that organisations can choose: the one on this machine and, where the operator names an
// endpoint, that. Neither reads anything until an organisation turns it on.
func (a *App) wireUnderstanding() error {
	s := a.services
	here, err := local.New(s.catalogue)
	if err != nil {
		return err
	}
	models := []understanding.Model{here}
	if a.config.UnderstandingURL != "" {
		guard, err := a.guard(outbound.Options{Timeout: understanding.Deadline, Most: 1 << 20})
		if err != nil {
			return err
		}
		far, err := openai.New(s.catalogue, openai.Options{
			URL: a.config.UnderstandingURL, Model: a.config.UnderstandingModel, Key: a.config.UnderstandingKey,
			Client: guard,
		})
		if err != nil {
			return err
		}
		models = append(models, far)
	}
	s.uses = understandingstore.New(a.db)
	s.understanding, err = understanding.New(understanding.Options{Store: s.uses, Catalogue: s.catalogue, Models: models, Now: a.now, Log: a.log})
	return err
}
