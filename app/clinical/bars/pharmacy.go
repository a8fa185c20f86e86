package bars

import (
	"onedoor/app/clinical"
)

// forbids says why a referral may not be sent as it is; empty when it may. Source: Application 5, Scope and requirements.
//
// The other rules of that application are kept by how the message is written: consent for direct care is always in it, a number
// that only the patient vouches for never is (nor one without its status), the one contact and its number have rank 1, and
// nothing is ever flagged as a safeguarding concern. A referral is never amended: it is taken back, and another made.
func (u useCase) forbids(d clinical.Delivery) string {
	if !u.Pharmacy {
		return ""
	}
	asked := d.Document.Asked
	switch {
	case begunOnline(asked.Channel) && asked.ConfirmedBy == "" && d.ReplayedAt.IsZero():
		return ConfirmFirst
	case d.Document.Patient.Phone == "":
		return "A referral to a pharmacy needs a telephone number to ring back on, and none is known. Refer by telephone, or ask the patient for one."
	}
	return ""
}

// ConfirmFirst is what a referral that began online waits with until a person has looked.
const ConfirmFirst = "This referral began online, so a person has to check it before it goes to a pharmacy. Read it, and replay it to confirm that it may be sent."

// begunOnline reports whether nobody spoke with anybody.
func begunOnline(channel string) bool { return channel == "web" || channel == "app" }
