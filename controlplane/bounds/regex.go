package bounds

import (
	"fmt"
	"regexp/syntax"
)

// MaxRegex bounds the compiled size of a regular expression, in instructions. Envoy refuses all routes because of one that
// is larger than re2.max_program_size.error_level in its bootstrap, which is 1000 in ours. The size is estimated here by
// Go's compiler, which is of the same making, so that there is some room.
const MaxRegex = 700

// MaxCondition bounds what a policy says of an expression: the path of a service is put before some.
const MaxCondition = 500

// MaxRules bounds the routes that the rules of a service become for each way in which requests come. Envoy tries them one
// after the other.
const MaxRules = 5000

// Regex says why an expression cannot be had, within a bound of its compiled size.
func Regex(regex string, most int) error {
	parsed, err := syntax.Parse(regex, syntax.Perl)
	if err != nil {
		return err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return err
	}
	size := 0
	for _, inst := range program.Inst {
		size += 1 + len(inst.Rune)/2 // a class costs by its ranges
	}
	if size > most {
		return fmt.Errorf("it becomes an expression of %d steps; at most %d are possible: write less of it, or split it", size, most)
	}
	return nil
}
