package transcode

// appendDescriptor appends the JVM descriptor of t.
func (l *typeList) appendDescriptor(dst []byte, t javaType) []byte {
	for range t.dims {
		dst = append(dst, '[')
	}
	if t.base <= doubleType && !t.boxed {
		return append(dst, primitives[t.base].code)
	}
	dst = append(dst, 'L')
	for _, c := range l.name(t) {
		if c == '.' {
			c = '/'
		}
		dst = append(dst, c)
	}
	return append(dst, ';')
}

// appendName appends the Java name of t, as generic calls take it.
func (l *typeList) appendName(dst []byte, t javaType) []byte {
	dst = append(dst, l.name(t)...)
	for range t.dims {
		dst = append(dst, '[', ']')
	}
	return dst
}
