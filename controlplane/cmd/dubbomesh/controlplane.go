package main

import (
	"github.com/spf13/cobra"

	"github.com/dubbomesh/dubbomesh/controlplane/plane"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

func newControlPlane() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "controlplane",
		Short: "Run the control plane: etcd in, configuration for Envoys out",
		Long: "Run the control plane in the foreground. It starts without etcd and without Envoys, and waits for them; while etcd\n" +
			"is away, Envoys keep what they have. SIGINT, SIGTERM and SIGHUP end it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(cmd)
			if err != nil {
				return err
			}
			p, err := plane.Listen(c, newLogger(cmd, c.Log))
			if err != nil {
				return err
			}
			return p.Run(cmd.Context())
		},
	}
	settings.Flags(cmd.Flags(), settings.EtcdGroup, settings.APIGroup, settings.ControlPlaneGroup, settings.LogGroup)
	return cmd
}
