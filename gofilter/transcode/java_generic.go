package transcode

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// In the answer of a generic call Dubbo Java sends an object of a class that it does not treat as one value as a map of
// all that has a getter, with its class: {"epochSecond":…,"nano":…,"class":"java.time.Instant"}. The functions of this
// file make the text of it that a call that is not generic gets.

// mapValue makes the text of a value of its members; ok is false when they are not those of the class.
type mapValue func(out []byte, m *mapMembers) (text []byte, ok bool)

// mapMembers are the members that say what a value is.
type mapMembers struct {
	numbers map[string]int64
	texts   map[string]string
}

// mapValues are the classes that are one value, by their name.
var mapValues = map[string]mapValue{
	"java.time.Instant":        ofNumbers(appendInstant, "epochSecond", "nano"),
	"java.time.Duration":       ofNumbers(appendDuration, "seconds", "nano"),
	"java.time.Period":         ofNumbers(appendPeriod, "years", "months", "days"),
	"java.time.Year":           ofNumbers(appendYear, "value"),
	"java.time.YearMonth":      ofNumbers(appendYearMonth, "year", "monthValue"),
	"java.time.MonthDay":       ofNumbers(appendMonthDay, "monthValue", "dayOfMonth"),
	"java.time.ZoneOffset":     ofNumbers(appendOffset, "totalSeconds"),
	"java.time.ZoneRegion":     ofText("id"),
	"java.time.OffsetTime":     ofParts(mapTime, ofText("offset")),
	"java.time.OffsetDateTime": ofParts(mapDate, appendT, mapTime, ofText("offset")),
	"java.time.ZonedDateTime":  ofParts(mapDate, appendT, mapTime, ofText("offset"), mapZone),
	"java.util.UUID":           ofNumbers(appendUUID, "mostSignificantBits", "leastSignificantBits"),
	"java.util.Currency":       ofText("currencyCode"),
	"java.util.Locale":         mapLocale,
}

var (
	mapDate = ofNumbers(appendLocalDate, "year", "monthValue", "dayOfMonth")
	mapTime = ofNumbers(appendLocalTime, "hour", "minute", "second", "nano")
)

func ofNumbers(write func([]byte, [4]int64) []byte, names ...string) mapValue {
	return func(out []byte, m *mapMembers) ([]byte, bool) {
		var values [4]int64
		for i, name := range names {
			v, ok := m.numbers[name]
			if !ok {
				return out, false
			}
			values[i] = v
		}
		return write(out, values), true
	}
}

func ofText(name string) mapValue {
	return func(out []byte, m *mapMembers) ([]byte, bool) {
		text, ok := m.texts[name]
		return append(out, text...), ok
	}
}

func ofParts(parts ...mapValue) mapValue {
	return func(out []byte, m *mapMembers) ([]byte, bool) {
		for _, part := range parts {
			var ok bool
			if out, ok = part(out, m); !ok {
				return out, false
			}
		}
		return out, true
	}
}

func appendT(out []byte, _ *mapMembers) ([]byte, bool) { return append(out, 'T'), true }

// mapZone appends the zone, unless it says what the offset does.
func mapZone(out []byte, m *mapMembers) ([]byte, bool) {
	zone, ok := m.texts["zone"]
	if zone != m.texts["offset"] {
		out = append(append(append(out, '['), zone...), ']')
	}
	return out, ok
}

// mapLocale appends a locale as its toString does: de_DE, zh_TW_#Hant.
func mapLocale(out []byte, m *mapMembers) ([]byte, bool) {
	language, ok := m.texts["language"]
	country, variant, script := m.texts["country"], m.texts["variant"], m.texts["script"]
	out = append(out, language...)
	if country+variant+script != "" {
		out = append(append(out, '_'), country...)
	}
	if variant != "" {
		out = append(append(out, '_'), variant...)
	}
	if script != "" {
		out = append(append(out, "_#"...), script...)
	}
	return out, ok
}

// standFor replaces a map, whose JSON out holds from that place on, by the text of the value it stands for. It leaves
// what is not such a map.
func (d *result) standFor(from int, value mapValue) {
	if !d.again(len(d.out) - from) {
		return
	}
	m, ok := readMembers(d.out[from:])
	if !ok {
		return
	}
	text, ok := value(nil, m)
	if ok {
		d.out = appendQuoted(d.out[:from], text)
	}
}

// readMembers reads the integers and texts among the members of a JSON object.
func readMembers(object []byte) (*mapMembers, bool) {
	m := &mapMembers{map[string]int64{}, map[string]string{}}
	var dec jsontext.Decoder
	dec.Reset(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return nil, false
	}
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, false
		}
		name := token.String()
		v, err := dec.ReadValue()
		if err != nil {
			return nil, false
		}
		text := []byte(v)
		if v.Kind() == '"' {
			if text, err = jsontext.AppendUnquote(nil, v); err != nil {
				return nil, false
			}
			m.texts[name] = string(text)
		}
		if n, ok := parseInt(text); ok { // a text, when longs are asked for as such
			m.numbers[name] = n
		}
	}
	return m, true
}
