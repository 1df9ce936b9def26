package translate

import (
	"strings"

	"cel.dev/expr"
	xdscel "github.com/cncf/xds/go/xds/type/v3"
)

// detailsAre is an expression that is true of answers of which Envoy says one of these. Envoy takes it parsed.
func detailsAre(some []string) *xdscel.CelExpression {
	b := &expressions{}
	var all *expr.Expr
	for _, text := range some {
		part := b.details(text)
		if all != nil {
			part = b.call("_||_", all, part)
		}
		all = part
	}
	return &xdscel.CelExpression{CelExprParsed: &expr.ParsedExpr{Expr: all, SourceInfo: &expr.SourceInfo{SyntaxVersion: "cel1"}}}
}

// expressions numbers the parts of an expression.
type expressions struct{ last int64 }

func (b *expressions) details(text string) *expr.Expr {
	response := b.next(&expr.Expr{ExprKind: &expr.Expr_IdentExpr{IdentExpr: &expr.Expr_Ident{Name: "response"}}})
	details := b.next(&expr.Expr{ExprKind: &expr.Expr_SelectExpr{SelectExpr: &expr.Expr_Select{Operand: response, Field: "code_details"}}})
	value := b.next(&expr.Expr{ExprKind: &expr.Expr_ConstExpr{ConstExpr: &expr.Constant{
		ConstantKind: &expr.Constant_StringValue{StringValue: strings.Trim(text, "*")},
	}}})
	if strings.HasPrefix(text, "*") {
		return b.next(&expr.Expr{ExprKind: &expr.Expr_CallExpr{CallExpr: &expr.Expr_Call{Target: details, Function: "contains", Args: []*expr.Expr{value}}}})
	}
	return b.call("_==_", details, value)
}

func (b *expressions) call(function string, args ...*expr.Expr) *expr.Expr {
	return b.next(&expr.Expr{ExprKind: &expr.Expr_CallExpr{CallExpr: &expr.Expr_Call{Function: function, Args: args}}})
}

func (b *expressions) next(e *expr.Expr) *expr.Expr {
	b.last++
	e.Id = b.last
	return e
}
