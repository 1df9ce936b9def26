package transcode

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// temporal is a type of java.time: how its text looks and how it is written. Dubbo's Hessian library sends such values
// as objects of classes of its own.
type temporal struct {
	form   string
	number bool // it may be a JSON number too
	local  bool // a generic call takes its text, which the provider converts; others it takes as objects
	// write writes the value of a text and reports whether it is one.
	write func(a *arguments, text string) bool
}

func handle(name string, fields ...string) *class { return fixed(java8+name+"Handle", fields...) }

var (
	localDateClass  = handle("LocalDate", "year", "month", "day")
	localTimeClass  = handle("LocalTime", "hour", "minute", "second", "nano")
	dateTimeClass   = handle("LocalDateTime", "date", "time")
	instantClass    = handle("Instant", "seconds", "nanos")
	durationClass   = handle("Duration", "seconds", "nanos")
	zonedClass      = handle("ZonedDateTime", "dateTime", "offset", "zoneId")
	offsetDateClass = handle("OffsetDateTime", "dateTime", "offset")
	offsetTimeClass = handle("OffsetTime", "localTime", "zoneOffset")
	zoneOffsetClass = handle("ZoneOffset", "seconds")
	zoneIDClass     = handle("ZoneId", "zoneId")
	periodClass     = handle("Period", "years", "months", "days")
	yearClass       = handle("Year", "year")
	yearMonthClass  = handle("YearMonth", "year", "month")
	monthDayClass   = handle("MonthDay", "month", "day")
)

var temporals = map[string]*temporal{
	"java.time.LocalDate":      {local: true, form: "text such as 2024-02-29", write: parsed((*arguments).localDate, "2006-01-02")},
	"java.time.LocalTime":      {local: true, form: "text such as 13:14:15.5", write: parsed((*arguments).localTime, "15:04:05", "15:04")},
	"java.time.LocalDateTime":  {local: true, form: "text such as 2024-02-29T13:14:15", write: parsed((*arguments).dateTime, "2006-01-02T15:04:05", "2006-01-02T15:04")},
	"java.time.Instant":        {form: "text such as 2024-02-29T13:14:15Z", write: parsed((*arguments).instant, time.RFC3339)},
	"java.time.OffsetDateTime": {form: "text such as 2024-02-29T13:14:15+01:00", write: parsed((*arguments).offsetDateTime, time.RFC3339, "2006-01-02T15:04Z07:00")},
	"java.time.OffsetTime":     {form: "text such as 13:14:15+01:00", write: parsed((*arguments).offsetTime, "15:04:05Z07:00", "15:04Z07:00")},
	"java.time.YearMonth":      {form: "text such as 2024-02", write: parsed((*arguments).yearMonth, "2006-01")},
	"java.time.MonthDay":       {form: "text such as --02-29", write: (*arguments).monthDay},
	"java.time.Year":           {form: "a year such as 2024", number: true, write: parsed((*arguments).year, "2006")},
	"java.time.ZonedDateTime":  {form: "text such as 2024-02-29T13:14:15+01:00[Europe/Berlin]", write: (*arguments).zoned},
	"java.time.ZoneOffset":     {form: "text such as +01:00", write: parsed((*arguments).zoneOffset, "Z07:00")},
	"java.time.ZoneId":         {form: "text such as Europe/Berlin", write: (*arguments).zoneID},
	"java.time.Duration":       {form: "text such as PT1H30M", write: (*arguments).duration},
	"java.time.Period":         {form: "text such as P1Y2M3D", write: (*arguments).period},
}

// temporal writes a value of java.time.
func (a *arguments) temporal(t *javaType, k jsontext.Kind, text []byte) bool {
	if k != '"' && (k != '0' || !t.time.number) {
		return false
	}
	if !a.generic || !t.time.local {
		return t.time.write(a, string(text))
	}
	if ok := fits(t.time, string(text)); !ok {
		return false
	}
	a.w.StringBytes(text)
	return true
}

// fits reports whether a text is a value of the type.
func fits(t *temporal, text string) bool {
	var a arguments
	a.restart()
	return t.write(&a, text)
}

// parsed makes a temporal's write of one that writes a time, and the layouts of its text.
func parsed(write func(*arguments, time.Time), layouts ...string) func(*arguments, string) bool {
	return func(a *arguments, text string) bool {
		for _, layout := range layouts {
			if t, err := time.Parse(layout, text); err == nil {
				write(a, t)
				return true
			}
		}
		return false
	}
}

// ints writes an object of integers.
func (a *arguments) ints(c *class, values ...int) {
	o := a.begin(c)
	for i, v := range values {
		a.member(&o, i)
		a.w.Int(int32(v))
	}
	a.finish(o)
}

// finish ends an object whose class has one shape.
func (a *arguments) finish(o pojo) {
	if a.end(o) != nil {
		a.varied = true // which ends the argument as well
	}
}

func (a *arguments) localDate(t time.Time) {
	a.ints(localDateClass, t.Year(), int(t.Month()), t.Day())
}

func (a *arguments) localTime(t time.Time) {
	a.ints(localTimeClass, t.Hour(), t.Minute(), t.Second(), t.Nanosecond())
}

func (a *arguments) yearMonth(t time.Time) { a.ints(yearMonthClass, t.Year(), int(t.Month())) }

func (a *arguments) year(t time.Time) { a.ints(yearClass, t.Year()) }

func (a *arguments) zoneOffset(t time.Time) {
	_, seconds := t.Zone()
	a.ints(zoneOffsetClass, seconds)
}

func (a *arguments) dateTime(t time.Time) {
	o := a.begin(dateTimeClass)
	a.member(&o, 0)
	a.localDate(t)
	a.member(&o, 1)
	a.localTime(t)
	a.finish(o)
}

func (a *arguments) instant(t time.Time) { a.span(instantClass, t.Unix(), t.Nanosecond()) }

// span writes an object of seconds and nanoseconds.
func (a *arguments) span(c *class, seconds int64, nanos int) {
	o := a.begin(c)
	a.member(&o, 0)
	a.w.Long(seconds)
	a.member(&o, 1)
	a.w.Int(int32(nanos))
	a.finish(o)
}

func (a *arguments) offsetDateTime(t time.Time) {
	o := a.begin(offsetDateClass)
	a.member(&o, 0)
	a.dateTime(t)
	a.member(&o, 1)
	a.zoneOffset(t)
	a.finish(o)
}

func (a *arguments) offsetTime(t time.Time) {
	o := a.begin(offsetTimeClass)
	a.member(&o, 0)
	a.localTime(t)
	a.member(&o, 1)
	a.zoneOffset(t)
	a.finish(o)
}

// zoned writes a ZonedDateTime. Without a zone in brackets the offset is the zone.
func (a *arguments) zoned(text string) bool {
	clock, zone, named := strings.Cut(text, "[")
	t, err := time.Parse(time.RFC3339, clock)
	if err != nil {
		return false
	}
	if named {
		if zone, named = strings.CutSuffix(zone, "]"); !named || !isZone(zone) {
			return false
		}
	} else {
		zone = t.Format("Z07:00")
	}
	o := a.begin(zonedClass)
	a.member(&o, 0)
	a.dateTime(t)
	a.member(&o, 1)
	a.zoneOffset(t)
	a.member(&o, 2)
	a.w.String(zone)
	a.finish(o)
	return true
}

func (a *arguments) zoneID(text string) bool {
	return isZone(text) && a.around(zoneIDClass, []byte(text)) == nil
}

// isZone reports whether text has the form of a zone's name; which zones exist is for the provider to know.
func isZone(text string) bool {
	for i := range len(text) {
		c := text[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !plain && !strings.ContainsRune("/_+-:.~", rune(c)) {
			return false
		}
	}
	return len(text) > 0 && len(text) < 100
}

func (a *arguments) monthDay(text string) bool {
	// In a leap year, which has all days.
	t, err := time.Parse("2006--01-02", "2024"+text)
	if err != nil {
		return false
	}
	a.ints(monthDayClass, int(t.Month()), t.Day())
	return true
}
