package transcode

import (
	"fmt"
	"testing"

	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

// BenchmarkEncodeHashBySchema is BenchmarkEncodeHash with the types from a schema.
func BenchmarkEncodeHashBySchema(b *testing.B) {
	s := config.Schema{Service: hashService, Methods: []config.Method{declared("hash(java.lang.String s)")}}
	c, id := loadedWith(b, s)
	headers := append(benchHeaders(false), [2][]byte{[]byte(config.SchemaHeader), []byte(id)})
	body := []byte(`["hello"]`)
	b.ReportAllocs()
	for b.Loop() {
		encodeHash(b, c, headers, body)
	}
}

// orders is the schema of what megabyte makes.
func orders() config.Schema {
	return config.Schema{Service: hashService, Methods: []config.Method{declared("hash(a.Orders o)")}, Classes: map[string]config.Class{
		"a.Orders":   fields("java.util.List<a.Order> orders"),
		"a.Order":    fields("long id", "a.Customer customer", "java.math.BigDecimal total", "boolean paid", "java.util.List<java.lang.String> tags", "a.Item[] items"),
		"a.Customer": fields("java.lang.String name", "a.Address address"),
		"a.Address":  fields("java.lang.String street", "java.lang.String zip"),
		"a.Item":     fields("java.lang.String sku", "int n"),
	}}
}

func BenchmarkMegabyteJSONToObjects(b *testing.B) {
	c, id := loadedWith(b, orders())
	body := megabyte()
	headers := append(benchHeaders(false), [2][]byte{[]byte(config.SchemaHeader), []byte(id)})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		encodeHash(b, c, headers, body)
	}
}

// BenchmarkLoadSchema is what Envoy's main thread does for a service of 20 methods and 50 classes of 20 fields, when it
// is new and when it is there already.
func BenchmarkLoadSchema(b *testing.B) {
	s := config.Schema{Service: "a.B", Classes: map[string]config.Class{}}
	for i := range 50 {
		var list []string
		for k := range 20 {
			list = append(list, fmt.Sprintf("java.util.List<a.Class%d> field%d", (i+k)%50, k))
		}
		s.Classes[fmt.Sprintf("a.Class%d", i)] = fields(list...)
		if i < 20 {
			s.Methods = append(s.Methods, declared(fmt.Sprintf("method%d(a.Class%d argument)", i, i)))
		}
	}
	text := s.Text()
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var all Schemas
			if _, err := all.Load(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("known", func(b *testing.B) {
		var all Schemas
		b.ReportAllocs()
		for b.Loop() {
			if _, err := all.Load(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
