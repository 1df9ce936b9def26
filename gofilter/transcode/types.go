package transcode

// base is what a Java type is to JSON and to Hessian.
type base byte

// The types that are told apart. The primitive ones come first, then the others that every peer takes from JSON in a
// call that is not generic.
const (
	boolType base = iota
	byteType
	charType
	shortType
	intType
	longType
	floatType
	doubleType
	stringType
	decimalType
	integerType
	dateType
	sqlType  // java.sql.Timestamp, Date and Time, java.util.Calendar: an object around a date
	textType // an object around a text: java.util.UUID, java.net.URI, …
	timeType // of java.time
	bytesType
	charsType
	arrayType
	collectionType
	mapType
	enumType
	objectType
	numberType // java.lang.Number
	absentType // java.util.Optional: no Dubbo peer sends or takes one
	anyType    // java.lang.Object
	otherType  // nothing is known of it
)

// javaType is a Java type. It is made once and never changes.
type javaType struct {
	base  base
	boxed bool      // java.lang.Integer rather than int: null is allowed
	name  string    // as source code writes it, without generic arguments: int, long[], java.util.List
	desc  string    // JVM descriptor
	list  string    // the type of a Hessian list or map; "" for none
	elem  *javaType // of an array or collection; the value of a map
	key   *javaType // of a map
	class *class    // of an object, enum, or an object around a text or date
	time  *temporal // of java.time
}

// nullable reports whether null is a value of the type.
func (t *javaType) nullable() bool { return t.base > doubleType || t.boxed }

// simple reports whether both Dubbo Java lines and dubbo-go take an argument of the type in a call that is not generic
// when nothing else is known of it: primitives, their boxes, strings, and arrays of primitives and strings.
func (t *javaType) simple() bool {
	switch t.base {
	case bytesType, charsType:
		return true
	case arrayType:
		return t.elem.base <= stringType && !t.elem.boxed
	}
	return t.base <= stringType
}

// array is the type of an array of t.
func (t *javaType) array() *javaType {
	a := &javaType{base: arrayType, name: t.name + "[]", desc: "[" + t.desc, list: "[" + listName(t), elem: t}
	switch {
	case t.base == byteType && !t.boxed:
		a.base = bytesType
	case t.base == charType && !t.boxed:
		a.base = charsType
	}
	return a
}

// listName is how Hessian's list types call a type.
func listName(t *javaType) string {
	switch {
	case t.base == bytesType:
		return "[byte"
	case t.base == charsType:
		return "[char"
	case t.base == arrayType:
		return t.list
	case t.base == stringType && t.name == "java.lang.String":
		return "string"
	case t.name == objectName:
		return "object"
	case t.base == dateType:
		return "date"
	}
	return t.name
}

const objectName = "java.lang.Object"

// descriptor is the JVM descriptor of a class.
func descriptor(name string) string {
	b := []byte("L" + name + ";")
	for i, c := range b {
		if c == '.' {
			b[i] = '/'
		}
	}
	return string(b)
}

// primitives gives names and descriptors of the primitive types.
var primitives = [...]struct {
	name  string
	boxed string
	code  byte // in a descriptor
}{
	boolType:   {"boolean", "java.lang.Boolean", 'Z'},
	byteType:   {"byte", "java.lang.Byte", 'B'},
	charType:   {"char", "java.lang.Character", 'C'},
	shortType:  {"short", "java.lang.Short", 'S'},
	intType:    {"int", "java.lang.Integer", 'I'},
	longType:   {"long", "java.lang.Long", 'J'},
	floatType:  {"float", "java.lang.Float", 'F'},
	doubleType: {"double", "java.lang.Double", 'D'},
}

func primitiveByCode(c byte) base {
	for i, p := range primitives {
		if p.code == c {
			return base(i)
		}
	}
	return otherType
}
