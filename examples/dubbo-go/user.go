package main

import (
	"fmt"
	"time"

	hessian "github.com/apache/dubbo-go-hessian2"
	"github.com/apache/dubbo-go-hessian2/java_exception"
)

// User is org.dubbomesh.demo.User: a plain object with a nested object, a list, a map, an enum and a date.
type User struct {
	ID         int64             `hessian:"id"`
	Name       string            `hessian:"name"`
	Role       Role              `hessian:"role"`
	Active     bool              `hessian:"active"`
	Balance    float64           `hessian:"balance"`
	Created    time.Time         `hessian:"created"`
	Home       *Address          `hessian:"home"`
	Addresses  []*Address        `hessian:"addresses"`
	Attributes map[string]string `hessian:"attributes"`
}

// JavaClassName is the class of the object in Java.
func (*User) JavaClassName() string { return "org.dubbomesh.demo.User" }

// Address is org.dubbomesh.demo.Address.
type Address struct {
	City   string `hessian:"city"`
	Street string `hessian:"street"`
}

// JavaClassName is the class of the object in Java.
func (*Address) JavaClassName() string { return "org.dubbomesh.demo.Address" }

// Role is the enum org.dubbomesh.demo.Role.
type Role hessian.JavaEnum

// The roles of a user.
const (
	roleMember Role = iota
	roleAdmin
)

var roleNames = map[Role]string{roleMember: "MEMBER", roleAdmin: "ADMIN"}

// JavaClassName is the class of the enum in Java.
func (Role) JavaClassName() string { return "org.dubbomesh.demo.Role" }

// String is the name of the constant in Java.
func (r Role) String() string { return roleNames[r] }

// EnumValue finds the constant of a name.
func (Role) EnumValue(name string) hessian.JavaEnum {
	for role, known := range roleNames {
		if known == name {
			return hessian.JavaEnum(role)
		}
	}
	return hessian.InvalidJavaEnum
}

// BusinessException is org.dubbomesh.demo.BusinessException: a checked exception with a field of its own.
type BusinessException struct {
	SerialVersionUID     int64                              `hessian:"serialVersionUID"`
	DetailMessage        string                             `hessian:"detailMessage"`
	SuppressedExceptions []java_exception.Throwabler        `hessian:"suppressedExceptions"`
	StackTrace           []java_exception.StackTraceElement `hessian:"stackTrace"`
	Cause                java_exception.Throwabler          `hessian:"cause"`
	Code                 string                             `hessian:"code"`
}

func newBusinessException(code, message string) *BusinessException {
	return &BusinessException{Code: code, DetailMessage: message, StackTrace: []java_exception.StackTraceElement{}}
}

// Error is the message of the exception.
func (e *BusinessException) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.DetailMessage) }

// JavaClassName is the class of the exception in Java.
func (*BusinessException) JavaClassName() string { return "org.dubbomesh.demo.BusinessException" }

// GetStackTrace is required of what hessian2 writes as an exception; there is no Java stack here.
func (e *BusinessException) GetStackTrace() []java_exception.StackTraceElement { return e.StackTrace }

var users = demoUsers()

func demoUsers() []*User {
	created := time.Date(2024, time.February, 29, 13, 14, 15, 0, time.UTC)
	harbour, mill := &Address{City: "Hamburg", Street: "Hafenweg 1"}, &Address{City: "Delft", Street: "Molenstraat 7"}
	return []*User{
		{ID: 1, Name: "Ann", Role: roleAdmin, Active: true, Balance: 12.5, Created: created, Home: harbour,
			Addresses: []*Address{harbour, mill}, Attributes: map[string]string{"language": "de", "tier": "gold"}},
		{ID: 2, Name: "Bóbó 🐟", Role: roleMember, Balance: -0.25, Created: created.Add(24 * time.Hour), Home: mill,
			Addresses: []*Address{}, Attributes: map[string]string{}},
	}
}
