package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/dubbo"

const (
	protocolVersion   = "2.0.2" // makes providers answer with attachments
	noVersion         = "0.0.0"
	genericMethod     = "$invoke"
	genericDescriptor = "Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;"
	objectList        = "[object" // dubbo-go takes the arguments of a generic call only in this type
)

// frame writes the whole request frame.
func (a *arguments) frame(id uint64, h *head, body []byte) ([]byte, *fault) {
	if f := a.prepare(h, body); f != nil {
		return nil, f
	}
	a.w.Buf = dubbo.AppendHeader(a.w.Buf, dubbo.Header{Flags: dubbo.FlagRequest | dubbo.FlagTwoWay | dubbo.Hessian2, ID: id})
	a.w.String(protocolVersion)
	a.w.StringBytes(h.get(h.service))
	if h.version.empty() {
		a.w.String(noVersion)
	} else {
		a.w.StringBytes(h.get(h.version))
	}
	var f *fault
	if a.generic {
		f = a.genericCall(h, body)
	} else {
		f = a.typedCall(h, body)
	}
	if f != nil {
		return nil, f
	}
	a.attachments(h)
	dubbo.SetLength(a.w.Buf, len(a.w.Buf)-dubbo.HeaderSize)
	return a.w.Buf, nil
}

// prepare finds the types and decides how the call is made.
func (a *arguments) prepare(h *head, body []byte) *fault {
	if h.isForm {
		if f := a.form.parse(body, h); f != nil {
			return f
		}
	}
	switch {
	case h.hasTypes:
		a.typed = true
		if f := a.types.parse(h.get(h.types), "header x-dubbo-parameter-types"); f != nil {
			return f
		}
	case h.isForm && a.form.hasTypes:
		a.typed = true
		if f := a.types.parse(a.form.get(a.form.types), "form field parameterTypesString"); f != nil {
			return f
		}
	}
	switch string(h.get(h.invoke)) {
	case "typed":
		if !a.typed {
			return faultf(badRequest, "header x-dubbo-invoke is typed, but no types are given; name them in x-dubbo-parameter-types")
		}
	case "generic":
		a.generic = true
	default:
		a.generic = !a.typed || !a.types.simple()
	}
	return nil
}

// typedCall writes the method as its caller would, with the descriptor of its parameters.
func (a *arguments) typedCall(h *head, body []byte) *fault {
	a.w.StringBytes(h.get(h.call))
	a.scratch = a.scratch[:0]
	for _, t := range a.types.types {
		a.scratch = a.types.appendDescriptor(a.scratch, t)
	}
	a.w.StringBytes(a.scratch)
	return a.all(h, body)
}

// genericCall writes a call of $invoke. Without types the provider finds the method by its name.
func (a *arguments) genericCall(h *head, body []byte) *fault {
	a.w.String(genericMethod)
	a.w.String(genericDescriptor)
	a.w.StringBytes(h.get(h.call))
	types := len(a.w.Buf)
	if a.typed {
		a.w.TypedListN("[string", len(a.types.types))
		for _, t := range a.types.types {
			a.scratch = a.types.appendName(a.scratch[:0], t)
			a.w.StringBytes(a.scratch)
		}
	} else {
		a.w.Null()
	}
	list := a.w.List(objectList)
	if f := a.all(h, body); f != nil {
		return f
	}
	a.w.EndList(list, a.count)
	if !a.typed && a.count == 0 {
		// No arguments have no types: an empty list, one byte as the null is, names the method exactly.
		a.w.Buf[types] = emptyList
	}
	return nil
}

// emptyList is the Hessian form of an untyped list of no values.
const emptyList = 0x78

// all writes the arguments and checks their number.
func (a *arguments) all(h *head, body []byte) *fault {
	var f *fault
	if h.isForm {
		f = a.fromForm()
	} else {
		f = a.fromJSON(body)
	}
	if f == nil && a.typed && a.count != len(a.types.types) {
		f = a.mismatch()
	}
	return f
}

// attachments writes the map behind the arguments.
func (a *arguments) attachments(h *head) {
	a.w.UntypedMap()
	a.w.String("path")
	a.w.StringBytes(h.get(h.service))
	a.w.String("interface")
	a.w.StringBytes(h.get(h.service))
	a.w.String("version")
	if h.version.empty() {
		a.w.String(noVersion)
	} else {
		a.w.StringBytes(h.get(h.version))
	}
	if !h.group.empty() {
		a.w.String("group")
		a.w.StringBytes(h.get(h.group))
	}
	if a.generic {
		a.w.String("generic")
		a.w.String("true")
	}
	for _, t := range h.attachments {
		a.w.StringBytes(h.get(t.key))
		a.w.StringBytes(h.get(t.value))
	}
	a.w.End()
}
