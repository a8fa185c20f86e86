package app

import (
	"onedoor/app/outbound"
)

// thisMachine is what development may call besides: the clinical systems of the demonstration, and those that a developer tries.
const thisMachine = "127.0.0.0/8, ::1"

// guard makes calls to addresses that an operator, an organisation or another system names: public ones by TLS, and what
// --outbound-allow names.
func (a *App) guard(o outbound.Options) (*outbound.Guard, error) {
	allow, err := outbound.ParseAllowed(a.config.OutboundAllow)
	if err != nil {
		return nil, err
	}
	o.Allow = allow
	return outbound.New(o), nil
}

// toSystems are the addresses that clinical systems and national services may have though they are not public. In
// development that is this machine too, and wherever the demonstration plays them.
func (a *App) toSystems() ([]outbound.Allowed, error) {
	list := a.config.OutboundAllow
	if !a.config.production() {
		list += "," + thisMachine
	}
	if a.simListener != nil {
		list += "," + a.simListener.Addr().String()
	}
	return outbound.ParseAllowed(list)
}
