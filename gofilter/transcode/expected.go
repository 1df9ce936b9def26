package transcode

import "github.com/go-json-experiment/json/jsontext"

// expected describes what JSON a type takes.
func (a *arguments) expected(t javaType, dims int) string {
	name := string(a.types.name(t))
	for range dims {
		name += "[]"
	}
	switch {
	case dims == 1 && t.base == byteType && !t.boxed:
		return name + " (a base64 string or an array of numbers)"
	case dims == 1 && t.base == charType && !t.boxed:
		return name + " (a string or an array of strings of one character)"
	case dims > 0:
		return name + " (an array)"
	}
	return name + [...]string{
		boolType: " (true or false)", byteType: " (an integer from -128 to 127)", charType: " (a string of one character)",
		shortType: " (an integer from -32768 to 32767)", intType: " (an integer of 32 bits)", longType: " (an integer of 64 bits)",
		floatType: " (a number of 32 bits)", doubleType: " (a number of 64 bits)", stringType: " (a string)",
		decimalType: " (a number, or one in a string)", integerType: " (an integer, or one in a string)",
		dateType: " (RFC 3339 text or milliseconds since 1970)", otherType: "",
	}[t.base]
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
