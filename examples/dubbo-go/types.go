package main

import (
	"context"
	"time"

	hessian "github.com/apache/dubbo-go-hessian2"
)

const typesInterface = "org.dubbomesh.demo.Types"

// Types has those methods of org.dubbomesh.demo.Types whose types dubbo-go can take. Each answers its argument. It has no
// byte, short, float and char: hessian2 reads them as int32, float64 and string, which reflect does not pass on as what is
// declared. java.time, sets and keys other than text have no Go type of their own.
type Types struct{}

// Reference names the service inside dubbo-go.
func (*Types) Reference() string { return typesInterface }

// MethodMapper gives the methods the names they have in Java.
func (*Types) MethodMapper() map[string]string {
	return map[string]string{
		"OfBoolean": "ofBoolean", "OfInt": "ofInt", "OfLong": "ofLong", "OfDouble": "ofDouble", "OfString": "ofString",
		"OfDate": "ofDate", "OfEnum": "ofEnum",
		"OfObject": "ofObject", "OfAnything": "ofAnything", "OfBytes": "ofBytes", "OfInts": "ofInts", "OfLongs": "ofLongs",
		"OfDoubles": "ofDoubles", "OfBooleans": "ofBooleans", "OfStrings": "ofStrings", "OfObjects": "ofObjects",
		"OfStringList": "ofStringList", "OfLongList": "ofLongList", "OfUserList": "ofUserList", "OfCounts": "ofCounts",
		"OfUsers": "ofUsers", "OfNode": "ofNode", "Nothing": "nothing",
	}
}

// OfBoolean answers its argument, as all the others do.
func (*Types) OfBoolean(_ context.Context, v bool) (bool, error) { return v, nil }

// OfInt takes an int.
func (*Types) OfInt(_ context.Context, v int32) (int32, error) { return v, nil }

// OfLong takes a long.
func (*Types) OfLong(_ context.Context, v int64) (int64, error) { return v, nil }

// OfDouble takes a double.
func (*Types) OfDouble(_ context.Context, v float64) (float64, error) { return v, nil }

// OfString takes a String.
func (*Types) OfString(_ context.Context, v string) (string, error) { return v, nil }

// OfDate takes a java.util.Date.
func (*Types) OfDate(_ context.Context, v time.Time) (time.Time, error) { return v, nil }

// OfEnum takes a Role.
func (*Types) OfEnum(_ context.Context, v Role) (Role, error) { return v, nil }

// OfObject takes a User.
func (*Types) OfObject(_ context.Context, v *User) (*User, error) { return v, nil }

// OfAnything takes an Object.
func (*Types) OfAnything(_ context.Context, v any) (any, error) { return v, nil }

// OfBytes takes a byte[].
func (*Types) OfBytes(_ context.Context, v []byte) ([]byte, error) { return v, nil }

// OfInts takes an int[].
func (*Types) OfInts(_ context.Context, v []int32) ([]int32, error) { return v, nil }

// OfLongs takes a long[].
func (*Types) OfLongs(_ context.Context, v []int64) ([]int64, error) { return v, nil }

// OfDoubles takes a double[].
func (*Types) OfDoubles(_ context.Context, v []float64) ([]float64, error) { return v, nil }

// OfBooleans takes a boolean[].
func (*Types) OfBooleans(_ context.Context, v []bool) ([]bool, error) { return v, nil }

// OfStrings takes a String[].
func (*Types) OfStrings(_ context.Context, v []string) ([]string, error) { return v, nil }

// OfObjects takes a User[].
func (*Types) OfObjects(_ context.Context, v []*User) ([]*User, error) { return v, nil }

// OfStringList takes a List<String>.
func (*Types) OfStringList(_ context.Context, v []string) ([]string, error) { return v, nil }

// OfLongList takes a List<Long>.
func (*Types) OfLongList(_ context.Context, v []int64) ([]int64, error) { return v, nil }

// OfUserList takes a List<User>.
func (*Types) OfUserList(_ context.Context, v []*User) ([]*User, error) { return v, nil }

// OfCounts takes a Map<String, Integer>.
func (*Types) OfCounts(_ context.Context, v map[string]int32) (map[string]int32, error) {
	return v, nil
}

// OfUsers takes a Map<String, User>.
func (*Types) OfUsers(_ context.Context, v map[string]*User) (map[string]*User, error) { return v, nil }

// OfNode takes a Node.
func (*Types) OfNode(_ context.Context, v *Node) (*Node, error) { return v, nil }

// Nothing answers nothing.
func (*Types) Nothing(context.Context) error { return nil }

// Node is org.dubbomesh.demo.Node: an object that holds objects of its own class.
type Node struct {
	Name     string  `hessian:"name"`
	Next     *Node   `hessian:"next"`
	Children []*Node `hessian:"children"`
}

// JavaClassName is the class of the object in Java.
func (*Node) JavaClassName() string { return "org.dubbomesh.demo.Node" }

func init() { hessian.RegisterPOJO(&Node{}) }
