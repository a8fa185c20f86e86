package feel

import (
	"math/big"

	"github.com/cockroachdb/apd/v3"
)

// decimal128 of IEEE 754: 34 digits, ties to even.
var decimal128 = apd.Context{Precision: 34, Rounding: apd.RoundHalfEven, MaxExponent: 6144, MinExponent: -6143, Traps: apd.DefaultTraps}

// NewNumber is a whole number.
func NewNumber(n int64) *Number { return apd.New(n, 0) }

// ParseNumber reads a decimal, rounded to 34 digits; ok is false when it is none.
func ParseNumber(text string) (n *Number, ok bool) {
	d, _, err := decimal128.NewFromString(text)
	if err != nil || d.Form != apd.Finite {
		return nil, false
	}
	return d, true
}

// FormatNumber writes every digit and no exponent, without zeros that say nothing.
func FormatNumber(n *Number) string {
	var d apd.Decimal
	if n.Sign() == 0 {
		return "0"
	}
	d.Reduce(n)
	return d.Text('f')
}

// whole gives the number as an integer when it has no fraction and fits.
func whole(v Value) (int, bool) {
	n, ok := v.(*Number)
	if !ok || n == nil {
		return 0, false
	}
	i, err := n.Int64()
	if err != nil || i > 1<<53 || i < -(1<<53) {
		return 0, false
	}
	return int(i), true
}

// truncated is the number without its fraction.
func truncated(v Value) (int, bool) {
	n, ok := v.(*Number)
	if !ok || n == nil {
		return 0, false
	}
	var whole apd.Decimal
	n.Modf(&whole, nil)
	i, err := whole.Int64()
	if err != nil || i > 1<<53 || i < -(1<<53) {
		return 0, false
	}
	return int(i), true
}

type operation func(c *apd.Context, d, x, y *apd.Decimal) (apd.Condition, error)

var (
	plus  operation = (*apd.Context).Add
	minus operation = (*apd.Context).Sub
	times operation = (*apd.Context).Mul
	over  operation = (*apd.Context).Quo
	power operation = (*apd.Context).Pow
)

// compute applies an operation; nil is what has no finite result.
func compute(op operation, x, y *Number) *Number {
	d := new(apd.Decimal)
	c := decimal128
	if _, err := op(&c, d, x, y); err != nil || d.Form != apd.Finite {
		return nil
	}
	return d
}

func apply(op func(c *apd.Context, d, x *apd.Decimal) (apd.Condition, error), x *Number) *Number {
	d := new(apd.Decimal)
	c := decimal128
	if _, err := op(&c, d, x); err != nil || d.Form != apd.Finite {
		return nil
	}
	return d
}

// scaled rounds to a number of decimals.
func scaled(n *Number, scale int, rounding apd.Rounder) *Number {
	if scale > 6176 || scale < -6111 {
		return nil
	}
	d := new(apd.Decimal)
	c := decimal128
	c.Rounding = rounding
	if n.Sign() == 0 {
		return apd.New(0, 0)
	}
	// A number that has no digit there already is as it should be; quantizing it further could need more than 34 digits.
	if int(n.Exponent) >= -scale {
		return n
	}
	c.Precision = 6200
	if _, err := c.Quantize(d, n, int32(-scale)); err != nil || d.Form != apd.Finite {
		return nil
	}
	return d
}

// modulo is x - y * floor(x / y), exact.
func modulo(x, y *Number) *Number {
	if y.Sign() == 0 {
		return nil
	}
	if n, ok := moduloExact(x, y); ok {
		return n
	}
	return nil
}

func moduloExact(x, y *Number) (*Number, bool) {
	exponent := min(x.Exponent, y.Exponent)
	if x.Exponent-exponent > 7000 || y.Exponent-exponent > 7000 {
		return nil, false
	}
	a, b := scaledInteger(x, exponent), scaledInteger(y, exponent)
	var q, m big.Int
	q.DivMod(a, b, &m) // Euclidean: m is never negative
	if b.Sign() < 0 && m.Sign() != 0 {
		m.Add(&m, b)
	}
	var coefficient apd.BigInt
	coefficient.SetMathBigInt(&m)
	d := apd.NewWithBigInt(&coefficient, exponent)
	out := new(apd.Decimal)
	c := decimal128
	if _, err := c.Round(out, d); err != nil {
		return nil, false
	}
	return out, true
}

func scaledInteger(n *Number, exponent int32) *big.Int {
	i := new(big.Int).Set(n.Coeff.MathBigInt())
	if n.Negative {
		i.Neg(i)
	}
	return i.Mul(i, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n.Exponent-exponent)), nil))
}

// Int gives a value as a whole number, if it is one that fits.
func Int(v Value) (int, bool) { return whole(v) }
