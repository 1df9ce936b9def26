// Command dubbomesh is the mesh's one program: everything on one machine (up), the control plane of a real mesh
// (controlplane), and the commands that look at it and change what is registered.
//
// It exits with 0 when all went well, 1 when something failed, 2 when it was called wrongly and 3 when what was written is not
// known to be on every Envoy, with --wait in the time that it gives.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	code := run(ctx, newRoot())
	stop()
	os.Exit(code)
}

// endings are the signals that end a command in good order: SIGHUP too, which a closed terminal sends, unless nohup or
// the like has it ignored.
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// run executes a command and tells the exit code.
func run(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(root.ErrOrStderr(), "dubbomesh:", err)
	return exitCode(err)
}

// exitCode is that of an error.
func exitCode(err error) int {
	if coded, own := errors.AsType[exitError](err); own {
		return coded.code
	}
	if _, wrong := errors.AsType[usageError](err); wrong {
		return 2
	}
	return 1
}

// usageError is a mistake in how the program was called or configured.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// newRoot assembles the commands.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "dubbomesh",
		Short: "A service mesh for Dubbo and HTTP services, without Kubernetes",
		Long: "A service mesh for Dubbo and HTTP services, without Kubernetes.\n\n" +
			"Every setting can be given as a flag, as a DUBBOMESH_ variable (etcd.dialTimeout is DUBBOMESH_ETCD_DIAL_TIMEOUT)\n" +
			"or in a YAML file (--config), in this order of precedence.\n\n" +
			"Exit codes: 0 all went well, 1 something failed, 2 called or configured wrongly, 3 with --wait, and of status: written,\n" +
			"but not known to be on every Envoy.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownCommand,
		Version:       versionText(),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.PersistentFlags().String("config", "", "YAML file with settings (variable DUBBOMESH_CONFIG)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; `%s --help` lists the flags", err, cmd.CommandPath())}
	})
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run:"}, &cobra.Group{ID: "look", Title: "Look:"}, &cobra.Group{ID: "change", Title: "Change:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			c.Args = usage(c.Args)
			noFiles(c)
			root.AddCommand(c)
		}
	}
	add("run", newUp(), newControlPlane())
	add("look", newServices(), newInstances(), newWeights(), newDefinitions(), newProxies(), newConfig(), newProblems(), newGet(), newStatus(), newHistory(), newDiff(), newExplain(), newValidate(), newImport(), newSign())
	add("change", newRegister(), newDeregister(), newWeight(), newApply(), newDelete(), newRollback())
	root.AddCommand(newVersion())
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" { // which is silent about a shell that it does not know
			c.Args, c.RunE = usage(shells), func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	return root
}

// usage makes wrong arguments usage errors that show how the command is called.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w; usage: %s", err, cmd.UseLine())}
		}
		return nil
	}
}

// shells refuses arguments of `completion`: those that it knows are commands below it.
func shells(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	return fmt.Errorf("%q is no shell that is known: write one of %s", args[0], strings.Join(known, ", "))
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "`dubbomesh --help` lists the commands"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("did you mean %q?", near[0])
	}
	return usageError{fmt.Errorf("unknown command %q: %s", args[0], hint)}
}
