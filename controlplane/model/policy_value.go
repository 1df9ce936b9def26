package model

import (
	"strconv"
	"time"
)

// Duration is a time.Duration that is written as text: 250ms. Fields hold pointers, so that what is absent is not zero.
type Duration time.Duration

// Or is the duration, or def when there is none.
func (d *Duration) Or(def time.Duration) time.Duration {
	if d == nil {
		return def
	}
	return time.Duration(*d)
}

// Std is the duration as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes 250ms, 2s, 1m30s.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Percent is a share in millionths, 0 to 1,000,000, as Envoy counts the finest; it is written 12.5%.
type Percent uint32

// FullPercent is 100%.
const FullPercent Percent = 1_000_000

// Or is the percentage, or def when there is none.
func (p *Percent) Or(def Percent) Percent {
	if p == nil {
		return def
	}
	return *p
}

// Millionths is the share in parts of a million.
func (p Percent) Millionths() uint32 { return uint32(p) }

// Number is the share from 0 to 100.
func (p Percent) Number() float64 { return float64(p) / 10_000 }

// Whole is the share from 0 to 100, rounded up: a small share does not become none.
func (p Percent) Whole() uint32 { return (uint32(p) + 9_999) / 10_000 }

// String writes 12.5%.
func (p Percent) String() string { return strconv.FormatFloat(p.Number(), 'f', -1, 64) + "%" }

// MarshalText implements encoding.TextMarshaler.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Size is a number of bytes; it is written 1MiB, 64KiB or 100B.
type Size uint64

// Or is the size in bytes, or def when there is none.
func (s *Size) Or(def uint64) uint64 {
	if s == nil {
		return def
	}
	return uint64(*s)
}

// String writes the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range SizeUnits {
		if s != 0 && uint64(s)%u.Bytes == 0 {
			return strconv.FormatUint(uint64(s)/u.Bytes, 10) + u.Name
		}
	}
	return strconv.FormatUint(uint64(s), 10) + "B"
}

// MarshalText implements encoding.TextMarshaler.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SizeUnit is a unit that a size can be written in.
type SizeUnit struct {
	Name  string
	Bytes uint64
}

// SizeUnits lists the units, the largest first.
var SizeUnits = []SizeUnit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}}

// Or returns what v points to, or def when there is nothing.
func Or[T any](v *T, def T) T {
	if v == nil {
		return def
	}
	return *v
}
