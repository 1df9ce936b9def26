package transcode

// builtins are the Java types that are known without a schema, by name. The map is read only.
var builtins = makeBuiltins()

var anyJava = builtins[objectName]

// collections gives the type that a Hessian list has for a Java collection; peers make the interface's usual class of
// an untyped one.
var collections = map[string]string{
	"java.lang.Iterable": "", "java.util.Collection": "", "java.util.List": "", "java.util.ArrayList": "", "java.util.AbstractList": "", "java.util.AbstractCollection": "",
	"java.util.Set": "java.util.HashSet", "java.util.AbstractSet": "java.util.HashSet", "java.util.HashSet": "java.util.HashSet",
	"java.util.SortedSet": "java.util.TreeSet", "java.util.NavigableSet": "java.util.TreeSet", "java.util.TreeSet": "java.util.TreeSet",
	"java.util.LinkedHashSet": "java.util.LinkedHashSet",
	"java.util.Queue":         "java.util.LinkedList", "java.util.Deque": "java.util.LinkedList", "java.util.LinkedList": "java.util.LinkedList",
	"java.util.ArrayDeque": "java.util.ArrayDeque", "java.util.PriorityQueue": "java.util.PriorityQueue",
	"java.util.Vector": "java.util.Vector", "java.util.Stack": "java.util.Stack",
	"java.util.concurrent.CopyOnWriteArrayList": "java.util.concurrent.CopyOnWriteArrayList",
	"java.util.concurrent.CopyOnWriteArraySet":  "java.util.concurrent.CopyOnWriteArraySet",
}

// maps does the same for maps.
var maps = map[string]string{
	"java.util.Map": "", "java.util.HashMap": "", "java.util.AbstractMap": "",
	"java.util.LinkedHashMap": "java.util.LinkedHashMap",
	"java.util.SortedMap":     "java.util.TreeMap", "java.util.NavigableMap": "java.util.TreeMap", "java.util.TreeMap": "java.util.TreeMap",
	"java.util.concurrent.ConcurrentMap":     "java.util.concurrent.ConcurrentHashMap",
	"java.util.concurrent.ConcurrentHashMap": "java.util.concurrent.ConcurrentHashMap",
	"java.util.Hashtable":                    "java.util.Hashtable",
}

// wrappers are classes that Hessian writes as an object with one field, a text or a date.
var wrappers = []struct {
	name  string
	base  base
	class *class
}{
	{"java.util.Calendar", sqlType, fixed("com.alibaba.com.caucho.hessian.io.CalendarHandle", "date")},
	{"java.sql.Date", sqlType, fixed("java.sql.Date", "value")},
	{"java.sql.Time", sqlType, fixed("java.sql.Time", "value")},
	{"java.sql.Timestamp", sqlType, fixed("java.sql.Timestamp", "value")},
	{"java.util.UUID", textType, fixed("java.util.UUID", "value")},
	{"java.net.URI", textType, fixed("java.net.URI", "string")},
	{"java.io.File", textType, fixed("java.io.File", "value")},
	{"java.util.Currency", textType, fixed("java.util.Currency", "currencyCode")},
	{"java.util.Locale", textType, fixed("com.alibaba.com.caucho.hessian.io.LocaleHandle", "value")},
}

var (
	decimalClass = fixed("java.math.BigDecimal", "value")
	integerClass = fixed("java.math.BigInteger", "signum", "mag")
)

func makeBuiltins() map[string]*javaType {
	m := map[string]*javaType{}
	add := func(t javaType) {
		if t.desc == "" {
			t.desc = descriptor(t.name)
		}
		m[t.name] = &t
		if t.simple() {
			array := t.array()
			m[array.name] = array
		}
	}
	for i, p := range primitives {
		add(javaType{base: base(i), name: p.name, desc: string(p.code)})
		add(javaType{base: base(i), name: p.boxed, boxed: true})
	}
	add(javaType{base: stringType, name: "java.lang.String"})
	add(javaType{base: stringType, name: "java.lang.CharSequence"})
	add(javaType{base: decimalType, name: "java.math.BigDecimal", class: decimalClass})
	add(javaType{base: integerType, name: "java.math.BigInteger", class: integerClass})
	add(javaType{base: dateType, name: "java.util.Date"})
	for _, w := range wrappers {
		add(javaType{base: w.base, name: w.name, class: w.class})
	}
	for name, t := range temporals {
		add(javaType{base: timeType, name: name, time: t})
	}
	add(javaType{base: numberType, name: "java.lang.Number"})
	for _, name := range []string{"java.util.Optional", "java.util.OptionalInt", "java.util.OptionalLong", "java.util.OptionalDouble"} {
		add(javaType{base: absentType, name: name})
	}
	for _, name := range []string{objectName, "java.io.Serializable", "java.lang.Comparable", "java.lang.Cloneable"} {
		add(javaType{base: anyType, name: name})
	}
	for name, list := range collections {
		add(javaType{base: collectionType, name: name, list: list, elem: m[objectName]})
	}
	for name, list := range maps {
		add(javaType{base: mapType, name: name, list: list, key: m[objectName], elem: m[objectName]})
	}
	add(javaType{base: mapType, name: "java.util.Properties", list: "java.util.Properties", key: m["java.lang.String"], elem: m["java.lang.String"]})
	return m
}
