package translate

import (
	"fmt"

	"cel.dev/expr"
	xdscel "github.com/cncf/xds/go/xds/type/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	samplersv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/tracers/opentelemetry/samplers/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
)

// sampler follows what callers have decided, and decides for those who have not. Envoy's own sampling, which differs by
// route, would pass over callers' decisions, and the sampler for a share of the traces knows no routes: so the share is
// that of the request IDs, which are random, below a mark of the route.
func sampler(all told, some []told) *corev3.TypedExtensionConfig {
	marked := len(byPolicy(all, some, func(t told) string { return t.tracing })) > 0
	return &corev3.TypedExtensionConfig{Name: "envoy.tracers.opentelemetry.samplers.parent_based", TypedConfig: pack(&samplersv3.ParentBasedSamplerConfig{
		WrappedSampler: &corev3.TypedExtensionConfig{Name: "envoy.tracers.opentelemetry.samplers.cel", TypedConfig: pack(&samplersv3.CELSamplerConfig{
			Expression: sampled(below(all.settings.Tracing), marked),
		})},
	})}
}

// below is what the request IDs of sampled requests come before, as text: they begin with eight random hexadecimal digits.
func below(t *model.Tracing) string {
	switch {
	case t == nil || t.Off:
		return ""
	case t.Sampling.Or(defaultSampling) == model.FullPercent:
		return "g"
	}
	return fmt.Sprintf("%08x", uint64(t.Sampling.Or(defaultSampling))<<32/uint64(model.FullPercent))
}

// sampled is an expression for requests whose ID comes before a text: the mark of their route, or one for those without.
// Envoy takes it parsed.
func sampled(before string, marked bool) *xdscel.CelExpression {
	b := &expressions{}
	limit := b.text(before)
	if marked {
		space := func() *expr.Expr { return b.path("xds", "route_metadata", "filter_metadata") }
		marks := func() *expr.Expr { return b.call("_[_]", space(), b.text(markSpace)) }
		has := b.call("_&&_", b.call("@in", b.text(markSpace), space()), b.call("@in", b.text("trace"), marks()))
		limit = b.call("_?_:_", has, b.call("_[_]", marks(), b.text("trace")), limit)
	}
	whole := b.call("_<_", b.path("request", "id"), limit)
	return &xdscel.CelExpression{CelExprParsed: &expr.ParsedExpr{Expr: whole, SourceInfo: &expr.SourceInfo{SyntaxVersion: "cel1"}}}
}

func (b *expressions) path(name string, fields ...string) *expr.Expr {
	e := b.next(&expr.Expr{ExprKind: &expr.Expr_IdentExpr{IdentExpr: &expr.Expr_Ident{Name: name}}})
	for _, f := range fields {
		e = b.next(&expr.Expr{ExprKind: &expr.Expr_SelectExpr{SelectExpr: &expr.Expr_Select{Operand: e, Field: f}}})
	}
	return e
}

func (b *expressions) text(value string) *expr.Expr {
	return b.next(&expr.Expr{ExprKind: &expr.Expr_ConstExpr{ConstExpr: &expr.Constant{ConstantKind: &expr.Constant_StringValue{StringValue: value}}}})
}
