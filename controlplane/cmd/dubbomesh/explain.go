package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/api"
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
	f.String("path", "", "path of the request, with its query; by default /{service}/{method}; of an HTTP service, /{service} may be left out")
	f.Uint32("port", 0, "port of the gateway; by default that of the settings, which a Gateway policy may have")
	f.String("verb", "", "HTTP method; by default POST for a call and GET for the rest")
	f.Bool("dubbo", false, "the caller is a Dubbo consumer")
	f.String("proxy", "", "judge by what this Envoy was sent")
	f.String("envoy", "", "host:port of an Envoy's admin interface, which tells its health checks, ejections and open calls")
	_ = cmd.RegisterFlagCompletionFunc("service", complete(serviceNames))
	_ = cmd.RegisterFlagCompletionFunc("proxy", complete(proxyNames))
	_ = cmd.RegisterFlagCompletionFunc("method", complete(serviceMethods))
	_ = cmd.RegisterFlagCompletionFunc("source-service", complete(serviceNames))
	for _, name := range []string{"header", "argument", "source-ip", "source-zone", "source-label", "host", "path", "verb", "envoy"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

// question reads the request from the flags.
func question(cmd *cobra.Command) (api.ExplainRequest, error) {
	text := func(name string) string { v, _ := cmd.Flags().GetString(name); return v }
	out := api.ExplainRequest{Verb: strings.ToUpper(text("verb")), Host: text("host"), Path: text("path"), Proxy: text("proxy"), Headers: map[string]string{}}
	out.Port, _ = cmd.Flags().GetUint32("port")
	service, method := text("service"), text("method")
	out.Service = service
	switch {
	case service == "" && out.Path == "" && out.Host == "":
		return out, errors.New("nothing is asked: write --service, or --host and --path")
	case service == "" && method != "":
		return out, errors.New("--method goes with --service, which has it")
	case method != "" && out.Path != "":
		return out, errors.New("--method and --path both say what is asked for: write one of them")
	case out.Path != "" && !strings.HasPrefix(out.Path, "/"):
		return out, fmt.Errorf("path is %q: begin it with a slash", out.Path)
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
	out.Verb = cmp.Or(out.Verb, fallback)
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
