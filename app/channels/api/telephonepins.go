package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"onedoor/app/fault"
	"onedoor/app/nhs"
	"onedoor/app/patients"
	"onedoor/app/requests"
	"onedoor/app/routes"
	"onedoor/tenants"
)

// PINs let a person hear about their requests on the telephone. It is callers.Service.
type PINs interface {
	SetPIN(ctx context.Context, by requests.Actor, given patients.Given, pin string) error
	RemovePIN(ctx context.Context, by requests.Actor, given patients.Given) error
}

type pinPerson struct {
	NHSNumber string `json:"nhs_number"`
	BirthDate string `json:"birth_date"`
}

func (p pinPerson) given(today nhs.Date) (g patients.Given, wrong []fault.Field) {
	number, err := nhs.ParseNumber(p.NHSNumber)
	if err != nil {
		f := fault.As(err)
		wrong = append(wrong, fault.Field{Pointer: "/nhs_number", Code: f.Code, Says: f.Says})
	}
	birth, err := nhs.ParseBirthDate(p.BirthDate, today)
	if err != nil {
		f := fault.As(err)
		wrong = append(wrong, fault.Field{Pointer: "/birth_date", Code: f.Code, Says: f.Says})
	}
	return patients.Given{NHSNumber: number, BirthDate: birth}, wrong
}

func (a *API) today() nhs.Date { return nhs.DateOf(a.o.Now().In(tenants.London())) }

func (a *API) setPIN(c echo.Context) error {
	var in struct {
		pinPerson
		PIN string `json:"pin"`
	}
	if err := routes.ReadJSON(c, &in); err != nil {
		return err
	}
	given, wrong := in.given(a.today())
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	err := a.o.PINs.SetPIN(c.Request().Context(), staff(routes.Principal(c)), given, in.PIN)
	if f := fault.As(err); err != nil && (f.Code == "pin_format" || f.Code == "pin_easy") {
		return fault.InvalidFields([]fault.Field{{Pointer: "/pin", Code: f.Code, Says: f.Says}})
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *API) removePIN(c echo.Context) error {
	var in pinPerson
	if err := routes.ReadJSON(c, &in); err != nil {
		return err
	}
	given, wrong := in.given(a.today())
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	if err := a.o.PINs.RemovePIN(c.Request().Context(), staff(routes.Principal(c)), given); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
