package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dubbomesh/dubbomesh/controlplane/up"
)

func newUp() *cobra.Command {
	var o up.Options
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run a whole mesh on this machine, in the foreground",
		Long: "Run etcd, the control plane and a gateway Envoy on this machine, in the foreground, and with --demo some services to\n" +
			"try it on. Ctrl-C stops all of it. What the control plane itself can be told comes from --config and DUBBOMESH_\n" +
			"variables; where things listen comes from the flags below, and a port of 0 takes a free one.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Flags such as --gateway-port mean something else here than the setting of that name: 0 is a free port.
			c, err := loadWith(cmd, pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError))
			if err != nil {
				return err
			}
			if _, err := netip.ParseAddr(o.GatewayAddress); err != nil {
				return usageError{fmt.Errorf("--gateway-address is %q: write an IP address, such as 127.0.0.1 or 0.0.0.0", o.GatewayAddress)}
			}
			// The terminal is for people here: the log is quiet unless asked for.
			c.Log.Level = slog.LevelWarn
			if verbose, _ := cmd.Flags().GetBool("verbose"); verbose {
				c.Log.Level = slog.LevelDebug
			}
			o.Settings = c
			return up.Run(cmd.Context(), o, cmd.OutOrStdout(), newLogger(cmd, c.Log))
		},
	}
	upFlags(cmd.Flags(), &o)
	return cmd
}

func upFlags(f *pflag.FlagSet, o *up.Options) {
	f.StringVar(&o.DataDir, "data-dir", ".dubbomesh", "directory for etcd's data and all logs")
	f.BoolVar(&o.Ephemeral, "ephemeral", false, "keep nothing: use a temporary directory and remove it at the end")
	f.StringVar(&o.ReadyFile, "ready-file", "", "write addresses and process ids as JSON to this file once everything works")
	f.StringVar(&o.GatewayAddress, "gateway-address", "127.0.0.1", "IP that the gateway binds")
	f.Uint16Var(&o.GatewayPort, "gateway-port", 8080, "HTTP port of the gateway")
	f.Uint16Var(&o.XDSPort, "xds-port", 18000, "port of the xDS server")
	f.Uint16Var(&o.APIPort, "api-port", 18001, "port of the control plane's API")
	f.Uint16Var(&o.EtcdPort, "etcd-port", 2379, "port of etcd")
	f.Uint16Var(&o.AdminPort, "admin-port", 9901, "port of the gateway Envoy's admin interface")
	f.StringVar(&o.Envoy, "envoy", envoyDefault(), "Envoy to run, a path or a name on the PATH (variable ENVOY)")
	f.StringVar(&o.Module, "module", besideProgram("libdubbo.so"), "Envoy module that speaks Dubbo")
	f.StringVar(&o.Demo, "demo", "", "directory with demo-provider and demo-http: run them too")
	f.BoolP("verbose", "v", false, "log to the terminal what happens")
}

func envoyDefault() string {
	if path := os.Getenv("ENVOY"); path != "" {
		return path
	}
	return "envoy"
}

// besideProgram is a file in the directory of this program.
func besideProgram(name string) string {
	program, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(program), name)
}
