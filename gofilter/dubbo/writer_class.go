package dubbo

// ClassDefinition begins the definition of a class with that many fields, whose names follow as strings. Where it is
// used, neither Object nor another Writer may define classes in the same stream.
func (w *Writer) ClassDefinition(class string, fields int) {
	w.Buf = append(w.Buf, tagClass)
	w.String(class)
	w.Int(int32(fields))
}

// ObjectOf begins an object of the n-th class defined in the stream, counted from 0; the values of its fields follow.
func (w *Writer) ObjectOf(n int) {
	if n <= 0x0f {
		w.Buf = append(w.Buf, byte(tagObjectShort+n))
		return
	}
	w.Buf = append(w.Buf, tagObject)
	w.Int(int32(n))
}
