package translate

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// refusal says why Envoy would refuse a message, as far as the rules beside its fields say so.
func refusal(m proto.Message) error {
	if v, ok := m.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// inspection looks into messages that are packed into others, however deep. Many routes carry the same.
type inspection struct {
	passed map[string]bool                // packed messages, by what they are packed as
	packs  map[protoreflect.FullName]bool // types that can have packed ones in them
}

func newInspection() inspection {
	return inspection{passed: map[string]bool{}, packs: map[protoreflect.FullName]bool{}}
}

// refusal says why Envoy would refuse a message or one that is packed into it.
func (i inspection) refusal(m proto.Message) error {
	if err := refusal(m); err != nil {
		return err
	}
	return i.inside(m.ProtoReflect())
}

func (i inspection) inside(m protoreflect.Message) (err error) {
	if packed, ok := m.Interface().(*anypb.Any); ok {
		return i.packed(packed)
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			if f.MapValue().Message() == nil || !i.mayPack(f.MapValue().Message()) {
				return true
			}
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				err = i.inside(v.Message())
				return err == nil
			})
		case f.Message() == nil || !i.mayPack(f.Message()):
		case f.IsList():
			for n := 0; n < v.List().Len() && err == nil; n++ {
				err = i.inside(v.List().Get(n).Message())
			}
		default:
			err = i.inside(v.Message())
		}
		return err == nil
	})
	return err
}

func (i inspection) packed(packed *anypb.Any) error {
	key := packed.TypeUrl + "\n" + string(packed.Value)
	if packed.TypeUrl == "" || i.passed[key] {
		return nil
	}
	inner, err := packed.UnmarshalNew()
	if err == nil {
		err = i.refusal(inner)
	}
	i.passed[key] = err == nil
	return err
}

// mayPack reports whether messages of a type can have packed ones in them.
func (i inspection) mayPack(d protoreflect.MessageDescriptor) bool {
	may, known := i.packs[d.FullName()]
	if !known {
		may = packs(d, map[protoreflect.FullName]bool{})
		i.packs[d.FullName()] = may
	}
	return may
}

// packs looks for what is packed in a type, but not again in those that were seen: types may have themselves in them.
func packs(d protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	if d.FullName() == "google.protobuf.Any" {
		return true
	}
	if seen[d.FullName()] {
		return false
	}
	seen[d.FullName()] = true
	for n := range d.Fields().Len() {
		if m := d.Fields().Get(n).Message(); m != nil && packs(m, seen) {
			return true
		}
	}
	return false
}
