package directory

import (
	"context"
	"time"

	"onedoor/app/nhs"
	"onedoor/tenants"
)

// Register is the national register of organisations. It is app/directory/odt; places without it import files.
type Register interface {
	// Organisation reads one by its ODS code (not_found, register_unavailable).
	Organisation(ctx context.Context, code nhs.ODSCode) (Listed, error)
}

// Listed is an organisation as the national register has it.
type Listed struct {
	ODS       nhs.ODSCode
	Name      string
	Kind      tenants.OrganisationKind // empty when it is none of those that take part here
	Role      string                   // the register's own code of its primary role, such as RO177
	Open      bool
	OpenedOn  nhs.Date // zero when not told
	ClosedOn  nhs.Date // zero while it is open
	Address   []string
	Postcode  nhs.Postcode // empty when there is none, or none that is one
	Telephone nhs.Phone
	// Source is the file's kind, or the register's own name; ReadAt when it was read.
	Source string
	ReadAt time.Time
}
