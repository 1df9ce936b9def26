package main

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
	"github.com/dubbomesh/dubbomesh/controlplane/explain"
	"github.com/dubbomesh/dubbomesh/gofilter/config"
)

func newExplain() *cobra.Command {
	cmd := looking(&cobra.Command{
		Use:   "explain --service <service> [--method <method>] [--header k=v]",
		Short: "Show what becomes of a request, and which policies are why",
		Long: "Find the route that a request to the gateway takes, and print the policies behind every setting of it, those that lost\n" +
			"included, the instances it may reach with their weights, and limits. --proxy looks at what that Envoy was sent and did not\n" +
			"refuse; without it, at what policies make now. Without --host and --path the request is a call as /{service}/{method}.",
		Example: "  dubbomesh explain --service com.example.Hello --method sayHi --header x-user=ann\n" +
			"  dubbomesh explain --host shop.example.com --path /admin --verb GET --proxy gateway-1",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked, err := question(cmd)
			if err != nil {
				return usageError{err}
			}
			client, err := control(cmd)
			if err != nil {
				return err
			}
			e, err := client.Explain(cmd.Context(), asked)
			if err != nil {
				return err
			}
			if admin, _ := cmd.Flags().GetString("envoy"); admin != "" {
				if err := seenBy(cmd.Context(), admin, &e); err != nil {
					return err
				}
			}
			if format, _ := cmd.Flags().GetString("output"); format != "table" {
				return showOne(cmd, e)
			}
			writeExplanation(cmd.OutOrStdout(), e)
			return nil
		},
	})
	f := cmd.Flags()
	f.String("service", "", "service that is called")
	f.String("method", "", "Dubbo method that is called")
	f.StringArrayP("header", "H", nil, "header of the request, name=value; may be repeated")
	f.StringArrayP("argument", "a", nil, "argument of the call, path=value: 0=ann, 0.user.id=5; may be repeated")
	f.String("source-ip", "", "address of who calls")
	f.String("source-service", "", "service or application that calls")
	f.String("source-zone", "", "zone of the Envoy that is called")
	f.StringArray("source-label", nil, "label of the Envoy that is called, name=value; may be repeated")
	f.String("host", "", "host of the request; by default none that a service has")
	f.String("path", "", "path of the request, with its query; by default /{service}/{method}")
	f.Uint32("port", 0, "port of the gateway, where Gateway policies open some; by default one that answers everything")
	f.String("verb", "", "HTTP method; by default POST for a call and GET for the rest")
	f.Bool("dubbo", false, "the caller is a Dubbo consumer")
	f.String("proxy", "", "judge by what this Envoy was sent")
	f.String("envoy", "", "host:port of an Envoy's admin interface, which tells its health checks, ejections and open calls")
	_ = cmd.RegisterFlagCompletionFunc("service", complete(serviceNames))
	_ = cmd.RegisterFlagCompletionFunc("proxy", complete(proxyNames))
	return cmd
}

// question reads the request from the flags.
func question(cmd *cobra.Command) (api.ExplainRequest, error) {
	text := func(name string) string { v, _ := cmd.Flags().GetString(name); return v }
	out := api.ExplainRequest{Verb: strings.ToUpper(text("verb")), Host: text("host"), Path: text("path"), Proxy: text("proxy"), Headers: map[string]string{}}
	out.Port, _ = cmd.Flags().GetUint32("port")
	service, method := text("service"), text("method")
	if service == "" && out.Path == "" && out.Host == "" {
		return out, fmt.Errorf("nothing is asked: write --service, or --host and --path")
	}
	if out.Path == "" {
		out.Path = "/"
		if service != "" {
			out.Path = "/" + url.PathEscape(service) + "/" + url.PathEscape(method)
		}
	}
	headers, err := pairs(cmd, "header")
	if err != nil {
		return out, err
	}
	for name, value := range headers {
		out.Headers[strings.ToLower(name)] = value
	}
	if err := from(cmd, &out); err != nil {
		return out, err
	}
	fallback := "GET"
	if method != "" {
		fallback = "POST"
	}
	if dubbo, _ := cmd.Flags().GetBool("dubbo"); dubbo {
		out.Headers["content-type"], fallback = config.DubboContentType, "POST"
		out.Host = cmp.Or(out.Host, service)
	}
	out.Verb, out.Host = cmp.Or(out.Verb, fallback), cmp.Or(out.Host, "gateway.invalid")
	return out, nil
}

// from reads what the flags say of the arguments and of who calls from where.
func from(cmd *cobra.Command, out *api.ExplainRequest) (err error) {
	if out.Arguments, err = pairs(cmd, "argument"); err != nil {
		return err
	}
	for path := range out.Arguments {
		if _, _, err := config.SplitArgument(path); err != nil {
			return err
		}
	}
	if out.SourceLabels, err = pairs(cmd, "source-label"); err != nil {
		return err
	}
	out.SourceZone, _ = cmd.Flags().GetString("source-zone")
	if service, _ := cmd.Flags().GetString("source-service"); service != "" {
		out.Headers[config.AttachmentPrefix+"remote.application"] = service
	}
	if text, _ := cmd.Flags().GetString("source-ip"); text != "" {
		if out.SourceIP, err = netip.ParseAddr(text); err != nil {
			return fmt.Errorf("source-ip: %w; write an address such as 10.1.2.3", err)
		}
	}
	return nil
}

// pairs reads a flag that is name=value and may be repeated.
func pairs(cmd *cobra.Command, flag string) (map[string]string, error) {
	list, _ := cmd.Flags().GetStringArray(flag)
	out := make(map[string]string, len(list))
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%s %q: write name=value", flag, text)
		}
		out[name] = value
	}
	return out, nil
}

// writeExplanation prints an explanation for people.
func writeExplanation(out io.Writer, e explain.Explanation) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	line("%s", printable(e.Request))
	if len(e.Routes) == 0 {
		line("no route: Envoy answers 404")
	}
	for _, r := range e.Routes {
		line("")
		if r.Percent < 100 {
			line("%g%% of such requests:", r.Percent)
		}
		line("route      %s of virtual host %s", printable(r.Place), printable(r.VirtualHost))
		line("rule       %s", printable(cmp.Or(r.Rule, "none of a policy")))
		for _, p := range r.Passed {
			line("  not      %s", printable(p))
		}
		if r.Service != "" {
			line("service    %s", printable(strings.TrimSuffix(r.Service+"."+r.Method, ".")))
		}
		if r.Operation != "" {
			line("operation  %s", printable(r.Operation))
		}
		if r.Answer != "" {
			line("answer     %s", printable(r.Answer))
		}
		writeSettings(out, r)
		for _, d := range r.Destinations {
			writeDestination(out, d)
		}
	}
	for i, n := range e.Notes {
		if i == 0 {
			line("")
		}
		line("note: %s", printable(n))
	}
}

func writeSettings(out io.Writer, r explain.Route) {
	if len(r.Settings) > 0 {
		rows := [][]string{{"SETTING", "VALUE", "FROM", "BEFORE"}}
		for _, s := range r.Settings {
			value := s.Value
			switch s.Applies {
			case explain.No:
				value += " (not for this request)"
			case explain.Depends:
				value += " (perhaps for this request)"
			}
			rows = append(rows, []string{s.Field, value, s.From, strings.Join(s.Overridden, ", ")})
		}
		writeRows(out, rows)
	}
	writeAccess(out, r)
}

// writeAccess prints who may call.
func writeAccess(out io.Writer, r explain.Route) {
	if len(r.Access) == 0 {
		return
	}
	_, _ = fmt.Fprintf(out, "callers    %s\n", printable(r.Callers))
	var rows [][]string
	for _, a := range r.Access {
		note := strings.Join(a.Asks, ", ")
		if note != "" {
			note = "asks for " + note
		}
		switch {
		case !a.InForce:
			note = "not in force yet"
		case a.DryRun:
			note = strings.TrimPrefix(note+"; only counts", "; ")
		}
		rows = append(rows, []string{a.Policy, a.Action, "", string(a.Fits), note})
		for _, rule := range a.Rules {
			rows = append(rows, []string{"", "", rule.Place, string(rule.Fits), rule.From})
		}
	}
	writeRows(out, append([][]string{{"ACCESS", "ACTION", "RULE", "FITS", "FROM"}}, rows...))
}

func writeDestination(out io.Writer, d explain.Destination) {
	_, _ = fmt.Fprintf(out, "\nto %s, %g%%", printable(d.Cluster), d.Percent)
	if l := d.Limits; l != nil {
		_, _ = fmt.Fprintf(out, "; at once %s connections, %s requests, %s pending, %s retries", bound(l.Connections), bound(l.Requests), bound(l.Pending), retries(*l))
	}
	_, _ = fmt.Fprintln(out)
	if len(d.Endpoints) == 0 {
		_, _ = fmt.Fprintln(out, "  no instance")
		return
	}
	rows := [][]string{{"INSTANCE", "WEIGHT", "SHARE", "PRIORITY", "ZONE", "REGISTERED AS"}}
	asked := d.Endpoints[0].Seen != ""
	if asked {
		rows[0] = append(rows[0], "FOUND")
	}
	for _, e := range d.Endpoints {
		row := []string{
			e.Address, strconv.FormatUint(uint64(e.Weight), 10), strconv.FormatFloat(e.Percent, 'g', -1, 64) + "%",
			strconv.FormatUint(uint64(e.Priority), 10), e.Zone, e.Health,
		}
		if asked {
			row = append(row, e.Seen)
		}
		rows = append(rows, row)
	}
	writeRows(out, rows)
}

func retries(l explain.Limits) string {
	if l.RetryBudget > 0 {
		return fmt.Sprintf("%g%% of the requests as", l.RetryBudget)
	}
	return bound(l.Retries)
}

// unbounded is what clusters without a limit have.
const unbounded = 1 << 20

func bound(n uint32) string {
	if n >= unbounded {
		return "any number of"
	}
	return strconv.FormatUint(uint64(n), 10)
}

func writeRows(out io.Writer, rows [][]string) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = shorten(printable(row[i]), widest)
		}
		_, _ = fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
	}
	_ = w.Flush()
}
