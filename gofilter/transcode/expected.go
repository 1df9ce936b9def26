package transcode

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// expected describes what JSON a type takes.
func expected(t *javaType) string {
	switch t.base {
	case timeType:
		return t.name + " (" + t.time.form + ")"
	case enumType:
		return t.name + " (" + constants(t.class.enum) + ")"
	}
	return t.name + [...]string{
		boolType: " (true or false)", byteType: " (an integer from -128 to 127)", charType: " (a string of one character)",
		shortType: " (an integer from -32768 to 32767)", intType: " (an integer of 32 bits)", longType: " (an integer of 64 bits)",
		floatType: " (a number of 32 bits)", doubleType: " (a number of 64 bits)", stringType: " (a string)",
		decimalType: " (a number, or one in a string, of at most 10000 digits and an exponent up to 10000)",
		integerType: " (an integer, or one in a string, of at most 10000 digits)",
		dateType:    " (RFC 3339 text or milliseconds since 1970)", sqlType: " (RFC 3339 text or milliseconds since 1970)", textType: " (a string)",
		bytesType: " (a base64 string or an array of numbers)", charsType: " (a string or an array of strings of one character)",
		arrayType: " (an array)", collectionType: " (an array)", mapType: " (an object)", objectType: " (an object)",
		numberType: " (a number)", otherType: "",
		absentType: " (null alone: it is not Serializable, so that Dubbo cannot send one; declare the method with the value itself, which may be null)",
	}[t.base]
}

// constants lists an enum's constants, as many as an error can show.
func constants(names []string) string {
	const most = 40
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(names, ", ")
}

func found(k jsontext.Kind, v []byte) string {
	switch k {
	case '[':
		return "an array"
	case '{':
		return "an object"
	case '"':
		if v == nil {
			return "a string"
		}
		return "the string " + shown(v)
	case '0':
		if v == nil {
			return "a number"
		}
		return shown(v)
	}
	return k.String()
}

// isNumber reports whether text is a JSON number.
func isNumber(text []byte) bool {
	v := jsontext.Value(text)
	return len(text) > 0 && v.Kind() == '0' && v.IsValid() && text[0] != ' ' && text[len(text)-1] > ' '
}
