package transcode

import "github.com/dubbomesh/dubbomesh/gofilter/dubbo"

const (
	protocolVersion   = "2.0.2" // makes providers answer with attachments
	noVersion         = "0.0.0"
	genericMethod     = "$invoke"
	genericDescriptor = "Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;"
	objectList        = "[object" // dubbo-go takes the arguments of a generic call only in this type
)

// frame writes the whole request frame. If the objects turn out to be none for a typed call, it is made generic.
func (a *arguments) frame(id uint64, h *head, body []byte) ([]byte, *fault) {
	if f := a.prepare(h, body); f != nil {
		return nil, f
	}
	frame, f := a.call(id, h, body)
	if f == onlyGeneric {
		a.restart()
		a.generic = true
		frame, f = a.call(id, h, body)
	}
	return frame, f
}

func (a *arguments) call(id uint64, h *head, body []byte) ([]byte, *fault) {
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
	if f := a.findTypes(h, body); f != nil {
		return f
	}
	switch string(h.get(h.invoke)) {
	case "typed":
		if !a.known {
			return faultf(badRequest, "header x-dubbo-invoke is typed, but no types are given; name them in x-dubbo-parameter-types")
		}
	case "generic":
		a.generic = true
	default:
		a.generic = a.byDefault()
	}
	return nil
}

// byDefault reports whether a call is generic when the request does not say.
func (a *arguments) byDefault() bool {
	switch {
	case a.method == nil:
		return !a.known || !a.types.simple()
	case a.method.def.Invoke != "":
		return a.method.def.Invoke == "generic"
	}
	return !a.method.typed
}

// findTypes finds the types of the arguments: from the request, the operation it is mapped by, or the schema.
func (a *arguments) findTypes(h *head, body []byte) *fault {
	if a.operation != nil {
		a.take(a.operation.method)
		return nil
	}
	overloads := a.schema.overloads(h.get(h.call))
	if h.isForm {
		if f := a.form.parse(body, h); f != nil {
			return f
		}
	}
	switch {
	case h.hasTypes:
		return a.named(overloads, h.get(h.types), "header x-dubbo-parameter-types")
	case h.isForm && a.form.hasTypes:
		return a.named(overloads, a.form.get(a.form.types), "form field parameterTypesString")
	case h.isForm:
		return a.chooseForm(overloads)
	case h.isGet:
		return a.chooseNamed(overloads, h)
	case len(overloads) > 0:
		return a.choose(overloads, body)
	}
	return nil
}

// named takes the types that the request names. They tell which overload is meant, if the schema has it.
func (a *arguments) named(overloads []*method, types []byte, source string) *fault {
	if f := a.types.parse(types, source); f != nil {
		return f
	}
	a.params, a.known = a.types.types, true
	for _, m := range overloads {
		if m.takes(a.params) {
			a.take(m)
		}
	}
	return nil
}

// typedCall writes the method as its caller would, with the descriptor of its parameters.
func (a *arguments) typedCall(h *head, body []byte) *fault {
	a.w.StringBytes(h.get(h.call))
	a.scratch = a.scratch[:0]
	for _, t := range a.params {
		a.scratch = append(a.scratch, t.desc...)
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
	if a.known {
		a.w.TypedListN("[string", len(a.params))
		for _, t := range a.params {
			a.w.String(t.name)
		}
	} else {
		a.w.Null()
	}
	list := a.w.List(objectList)
	if f := a.all(h, body); f != nil {
		return f
	}
	a.w.EndList(list, a.count)
	if !a.known && a.count == 0 {
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
	switch {
	case a.operation != nil:
		f = a.fromBindings(a.operation.bindings, h, body)
	case h.isForm:
		f = a.fromForm()
	case h.isGet && a.method != nil:
		f = a.fromBindings(a.method.named, h, nil)
	default:
		f = a.fromJSON(body)
	}
	if f == nil && a.known && a.count != len(a.params) {
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
