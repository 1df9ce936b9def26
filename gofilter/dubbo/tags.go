package dubbo

// The first byte of a Hessian 2 value, beside those that hold a small value themselves (see kinds).
const (
	tagBinaryChunk  = 'A'
	tagBinary       = 'B'
	tagClass        = 'C'
	tagDouble       = 'D'
	tagFalse        = 'F'
	tagUntypedMap   = 'H'
	tagInt          = 'I'
	tagDateMillis   = 0x4a
	tagDateMinutes  = 0x4b
	tagLong         = 'L'
	tagMap          = 'M'
	tagNull         = 'N'
	tagObject       = 'O'
	tagRef          = 0x51
	tagStringChunk  = 'R'
	tagString       = 'S'
	tagTrue         = 'T'
	tagListVar      = 0x55
	tagList         = 0x56
	tagUntypedVar   = 0x57
	tagUntypedList  = 0x58
	tagLongInt      = 0x59
	tagEnd          = 'Z'
	tagDoubleZero   = 0x5b
	tagDoubleOne    = 0x5c
	tagDoubleByte   = 0x5d
	tagDoubleShort  = 0x5e
	tagDoubleMilli  = 0x5f
	tagObjectShort  = 0x60 // to 0x6f: class 0 to 15
	tagListShort    = 0x70 // to 0x77: typed list of 0 to 7
	tagUntypedShort = 0x78 // to 0x7f: untyped list of 0 to 7
)

// Kind says what a Hessian 2 value is.
type Kind byte

// The kinds of values.
const (
	Invalid Kind = iota // no value begins with this byte, or the input ends here
	Null
	Bool
	Int
	Long
	Double
	Date
	String
	Binary
	List
	Map
	Object // with the class definition in front of it, if there is one
	Ref
	End // closes a list or map of unknown length
)

var kindNames = [...]string{"no value", "null", "boolean", "int", "long", "double", "date", "string", "binary", "list", "map", "object", "reference", "end of list or map"}

// String names the kind as errors show it.
func (k Kind) String() string { return kindNames[k] }

// kinds gives the kind of a value by its first byte.
var kinds = func() (t [256]Kind) {
	fill := func(from, to int, k Kind) {
		for b := from; b <= to; b++ {
			t[b] = k
		}
	}
	fill(0x00, 0x1f, String)
	fill(0x20, 0x2f, Binary)
	fill(0x30, 0x33, String)
	fill(0x34, 0x37, Binary)
	fill(0x38, 0x3f, Long)
	fill(tagBinaryChunk, tagBinary, Binary)
	fill(tagClass, tagClass, Object)
	fill(tagDouble, tagDouble, Double)
	fill(tagFalse, tagFalse, Bool)
	fill(tagUntypedMap, tagUntypedMap, Map)
	fill(tagInt, tagInt, Int)
	fill(tagDateMillis, tagDateMinutes, Date)
	fill(tagLong, tagLong, Long)
	fill(tagMap, tagMap, Map)
	fill(tagNull, tagNull, Null)
	fill(tagObject, tagObject, Object)
	fill(tagRef, tagRef, Ref)
	fill(tagStringChunk, tagString, String)
	fill(tagTrue, tagTrue, Bool)
	fill(tagListVar, tagUntypedList, List)
	fill(tagLongInt, tagLongInt, Long)
	fill(tagEnd, tagEnd, End)
	fill(tagDoubleZero, tagDoubleMilli, Double)
	fill(tagObjectShort, 0x6f, Object)
	fill(tagListShort, 0x7f, List)
	fill(0x80, 0xd7, Int)
	fill(0xd8, 0xff, Long)
	return t
}()
