package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"dubbo.apache.org/dubbo-go/v3/client"
)

// suite are calls of every shape that Echo has.
var suite = []struct {
	method    string
	arguments []any
}{
	{"echo", []any{"aé中😀"}},
	{"echo", []any{""}},
	{"add", []any{int64(9007199254740993), int64(-1)}},
	{"getUser", []any{int64(2)}},
	{"getUser", []any{int64(77)}},
	{"listUsers", []any{}},
	{"fail", []any{"no luck"}},
	{"slow", []any{int32(3)}},
	{"whoami", []any{}},
	{"noSuchMethod", []any{}},
}

// runSuite makes the calls at each of the URLs, which have commas between them, and prints a line for each: the number of
// the URL, the call and what came of it. Lines of equal services are equal.
func runSuite(o options, urls string) error {
	for i, url := range strings.Split(urls, ",") {
		conn, err := dial(o, url)
		if err != nil {
			return err
		}
		for _, c := range suite {
			arguments, err := json.Marshal(c.arguments)
			if err != nil {
				return err
			}
			fmt.Printf("%d\ttyped\tEcho.%s%s\t%s\n", i, c.method, arguments, outcome(conn, c.arguments, c.method))
		}
	}
	return nil
}

// outcome is the result of a call with its Go types, or the first line of its error.
func outcome(conn *client.Connection, arguments []any, method string) string {
	var result any
	if err := conn.CallUnary(context.Background(), arguments, &result, method); err != nil {
		return "error " + strings.SplitN(err.Error(), "\n", 2)[0]
	}
	return fmt.Sprintf("%T %s", result, printed(result))
}

// printed is a value as JSON, or as Go prints it: maps of Hessian have keys of any type.
func printed(value any) string {
	if text, err := json.Marshal(value); err == nil {
		return string(text)
	}
	return fmt.Sprint(value)
}
