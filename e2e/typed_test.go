package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
)

const typesService = "org.dubbomesh.demo.Types"

// bob has all fields that a user has, so that what is answered is what was sent.
const bob = `{"id":2,"name":"Bób 🐟","role":"MEMBER","active":true,"balance":0.5,"created":"2024-02-29T13:14:15.000Z","home":{"city":"Delft","street":"Molen 7"},"addresses":[],"attributes":{"a":"b"}}`

// typed is what a service answers that uses its argument as what it is declared to be, and sends it back: method,
// argument, and what comes back if it is not the argument itself. No request says a type.
var typed = []struct{ method, argument, want string }{
	{"ofBoolean", `true`, ""}, {"ofByte", `-128`, ""}, {"ofShort", `32767`, ""}, {"ofInt", `-5`, ""}, {"ofLong", `9007199254740993`, ""},
	{"ofFloat", `0.5`, ""}, {"ofDouble", `0.25`, ""}, {"ofChar", `"ß"`, ""},
	{"ofBoxedBoolean", `null`, ""}, {"ofBoxedByte", `7`, ""}, {"ofBoxedShort", `7`, ""}, {"ofInteger", `null`, ""}, {"ofBoxedLong", `7`, ""},
	{"ofBoxedFloat", `0.5`, ""}, {"ofBoxedDouble", `7`, `7.0`}, {"ofCharacter", `"c"`, ""},
	{"ofString", `"a\u0000é中😀"`, ""},
	{"ofBigDecimal", `12345678901234567890.1234500`, ""}, {"ofBigDecimal", `"1.50"`, `1.50`},
	{"ofBigInteger", `123456789012345678901234567890`, ""}, {"ofBigInteger", `-5`, ""},
	{"ofDate", `"2024-02-29T13:14:15.160Z"`, ""}, {"ofDate", `0`, `"1970-01-01T00:00:00.000Z"`},
	{"ofLocalDate", `"2024-02-29"`, ""}, {"ofLocalTime", `"13:14:15.160"`, ""}, {"ofLocalDateTime", `"2024-02-29T13:14:15.160"`, ""}, {"ofInstant", `"2024-02-29T13:14:15.000000160Z"`, ""},
	{"ofEnum", `"ADMIN"`, ""}, {"ofObject", bob, ""},
	{"ofAnything", `{"a":[1,2.5,"x",null,true]}`, ""},
	{"classOf", `{"class":"org.dubbomesh.demo.User","id":1}`, `"org.dubbomesh.demo.User"`},
	{"ofBytes", `"AQL/"`, ""}, {"ofInts", `[1,2]`, ""}, {"ofLongs", `[1,2]`, ""}, {"ofDoubles", `[0.5]`, ""}, {"ofBooleans", `[true,false]`, ""}, {"ofStrings", `["a",null]`, ""},
	{"ofObjects", `[` + bob + `]`, ""}, {"ofMatrix", `[[1],[2,3],[]]`, ""},
	{"ofStringList", `["a"]`, ""}, {"ofIntegerList", `[1,2]`, ""}, {"ofLongList", `[1,9007199254740993]`, ""}, {"ofUserList", `[` + bob + `,` + bob + `]`, ""},
	{"ofNestedList", `[[1],[]]`, ""}, {"ofEnumList", `["MEMBER","ADMIN"]`, ""}, {"ofSet", `["a"]`, ""}, {"ofCollection", `[1]`, ""},
	{"ofCounts", `{"a":1}`, ""}, {"ofUsers", `{"a":` + bob + `}`, ""}, {"ofNumbered", `{"9007199254740993":"x"}`, ""}, {"ofRoles", `{"ADMIN":1}`, ""}, {"ofGroups", `{"a":[` + bob + `]}`, ""},
	{"ofNode", `{"name":"a","next":{"name":"b","next":null,"children":[]},"children":[{"name":"c","next":null,"children":null}]}`, ""},
	// Dubbo's metadata does not say of what a Page is, so its users do.
	{"ofPage", `{"total":2,"items":[` + classy(bob) + `],"first":` + classy(bob) + `}`, `{"total":2,"items":[` + bob + `],"first":` + bob + `}`},
}

// classy is a user that names its class.
func classy(user string) string { return `{"class":"org.dubbomesh.demo.User",` + user[1:] }

// TestTypes: with a provider's metadata every JSON value becomes the Java value that is declared.
func TestTypes(t *testing.T) {
	m := startMesh(t)
	reporting := peers[2].start(t, "reporting", "--metadata", m.etcdAddress)
	for _, p := range peers {
		if !p.java {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			provider := reporting
			if p.name != peers[2].name {
				provider = p.start(t, "one")
			}
			registration := m.register(t, typesService, provider.address)
			defer registration.stop(t)
			m.awaitDefinition(t, typesService, func(d api.Definition) bool { return len(d.Methods) > 0 })
			eventually(t, "arguments are sent with their types", func() error {
				status, _, body, err := m.call(t.Context(), typesService, "ofInstant", `["2024-02-29T13:14:15Z"]`)
				if err == nil && status != http.StatusOK {
					err = fmt.Errorf("%d %.300s", status, body)
				}
				return err
			})
			for _, x := range typed {
				t.Run(x.method+" "+x.argument[:min(20, len(x.argument))], func(t *testing.T) {
					want := x.want
					if want == "" {
						want = x.argument
					}
					m.exchange(t, exchange{service: typesService, method: x.method, body: "[" + x.argument + "]", status: http.StatusOK, want: want})
				})
			}
			t.Run("null of a primitive", func(t *testing.T) {
				m.exchange(t, exchange{service: typesService, method: "ofInt", body: `[null]`, status: 400, want: `{"detail":"argument 0, byte 1 (at \"/0\"): expected int (an integer of 32 bits), found null"}`})
			})
			t.Run("unknown constant", func(t *testing.T) {
				status, _, body, err := m.call(t.Context(), typesService, "ofEnum", `["BOSS"]`)
				if err != nil || status != 400 || !strings.Contains(string(body), "expected org.dubbomesh.demo.Role (MEMBER, ADMIN)") {
					t.Errorf("%d %s %v", status, body, err)
				}
			})
		})
	}
}
