package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dubbomesh/dubbomesh/controlplane/document"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

const object = "java.lang.Object"

// primitives are the types of Java whose names have no dot.
var primitives = []string{"boolean", "byte", "char", "double", "float", "int", "long", "short", "void"}

// javaType reads a type of a method. Its type variables are taken for Object.
func (t *reported) javaType(text string) (config.JavaType, error) {
	java, err := readType(text)
	if err == nil {
		t.bind(&java)
	}
	return java, err
}

// readType reads a type as Dubbo's reports have it: with generic arguments or erased, with type variables, and arrays as
// Java's reflection spells them too ("[Ljava.lang.String;").
func readType(text string) (config.JavaType, error) {
	java, err := config.ParseJavaType(jvmArray(text))
	if name, _, generic := strings.Cut(text, "<"); err != nil && generic {
		// Arguments that cannot be read, such as a class inside a generic class, are better lost than the definition.
		end := strings.LastIndex(text, ">") + 1
		java, err = config.ParseJavaType(name + text[end:])
	}
	return java, err
}

// bind replaces type variables.
func (t *reported) bind(java *config.JavaType) {
	if _, described := t.shapes[java.Name]; !described && !strings.Contains(java.Name, ".") && !slices.Contains(primitives, java.Name) {
		java.Name, java.Args = object, nil
	}
	for i := range java.Args {
		t.bind(&java.Args[i])
	}
}

// jvmArray turns "[[I" into int[][], and leaves every other text alone.
func jvmArray(text string) string {
	element := strings.TrimLeft(text, "[")
	dims := strings.Repeat("[]", len(text)-len(element))
	if dims == "" || element == "" {
		return text
	}
	if class, ok := strings.CutPrefix(element, "L"); ok {
		return strings.TrimSuffix(class, ";") + dims
	}
	at := strings.Index("ZBCDFIJS", element)
	if at < 0 || len(element) > 1 {
		return text
	}
	return [...]string{"boolean", "byte", "char", "double", "float", "int", "long", "short"}[at] + dims
}

// declared refuses a parameter's type that no Java method can have: reports of other languages name their own.
func declared(text string) error {
	name, _, _ := strings.Cut(jvmArray(text), "[")
	if strings.Contains(name, ".") || name != "void" && slices.Contains(primitives, name) {
		return nil
	}
	return fmt.Errorf("%s is no Java type, so it was not written by Dubbo for Java; write a definition at %s/definitions/<interface> instead", document.Quote(text), DefaultPrefix)
}

// futures are what a method returns that answers later: on the wire it is their value.
var futures = []string{"java.util.concurrent.CompletableFuture", "java.util.concurrent.CompletionStage", "java.util.concurrent.Future"}

// awaited is the type of what a method answers with, "" when it is not known.
func awaited(java config.JavaType) string {
	if java.Dims > 0 || !slices.Contains(futures, java.Name) {
		return java.String()
	}
	if len(java.Args) != 1 {
		return ""
	}
	return java.Args[0].String()
}

// erased is a type without its generic arguments.
func erased(text string) string {
	java, err := config.ParseJavaType(text)
	if err != nil {
		return text
	}
	return java.Erased()
}
