package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/dubbomesh/dubbomesh/controlplane/model"
	"github.com/dubbomesh/dubbomesh/controlplane/policystore"
	"github.com/dubbomesh/dubbomesh/controlplane/settings"
)

// completion offers words for the argument at a position. It is silent about failures: a shell shows no errors.
type completion func(cmd *cobra.Command, args []string) []string

// complete offers the words of the position's completion that begin with what was typed.
func complete(positions ...completion) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		var words []string
		if len(args) < len(positions) {
			for _, word := range positions[len(args)](cmd, args) {
				if strings.HasPrefix(word, typed) {
					words = append(words, word)
				}
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

func serviceNames(cmd *cobra.Command, _ []string) []string {
	client, err := control(cmd)
	if err != nil {
		return nil
	}
	services, _ := client.Services(cmd.Context())
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
	}
	return names
}

// instanceNames offers the addresses of the service that is the first argument.
func instanceNames(cmd *cobra.Command, args []string) []string {
	client, err := control(cmd)
	if err != nil {
		return nil
	}
	instances, _ := client.Instances(cmd.Context(), args[0])
	var names []string
	for _, in := range instances {
		names = append(names, in.Address)
	}
	return names
}

func proxyNames(cmd *cobra.Command, _ []string) []string {
	client, err := control(cmd)
	if err != nil {
		return nil
	}
	proxies, _ := client.Proxies(cmd.Context())
	var names []string
	for _, p := range proxies {
		names = append(names, p.ID)
	}
	return names
}

// serviceMethods offers the methods of the service that --service names.
func serviceMethods(cmd *cobra.Command, _ []string) []string {
	client, err := control(cmd)
	if err != nil {
		return nil
	}
	service, _ := cmd.Flags().GetString("service")
	definitions, _ := client.Definitions(cmd.Context(), service)
	var names []string
	for _, d := range definitions {
		for _, m := range d.Methods {
			if d.Service == service && !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	return names
}

// completePast offers policies, those that were deleted too.
func completePast(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	var words []string
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	_ = withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
		list, err := policystore.WithHistory(ctx, client, c.Etcd.Prefix)
		for _, ref := range list {
			words = append(words, strings.ToLower(string(ref.Kind))+"/"+ref.Name)
		}
		return err
	})
	return beginning(words, typed), cobra.ShellCompDirectiveNoFileComp
}

// completeRevisions offers the revisions of the policy that is the first argument.
func completeRevisions(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	var words []string
	if len(args) > 0 {
		if ref, err := parseRef(args[0], false); err == nil {
			_ = withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
				changes, err := policystore.History(ctx, client, c.Etcd.Prefix, ref.kind, ref.name)
				for _, change := range changes {
					if !change.Deleted {
						words = append(words, strconv.FormatInt(change.Revision, 10)+"\t"+change.When.Local().Format(time.DateTime))
					}
				}
				return err
			})
		}
	}
	return beginning(words, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// beginning keeps the words that begin with what was typed.
func beginning(words []string, typed string) []string {
	return slices.DeleteFunc(words, func(word string) bool { return !strings.HasPrefix(strings.ToLower(word), strings.ToLower(typed)) })
}

// noFiles keeps a shell from offering files for flags that take no text.
func noFiles(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if typ := f.Value.Type(); !strings.HasPrefix(typ, "string") {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions) // an error where it has one of its own
		}
	})
}

// refs offers the kinds of policies and, once a slash is typed or when whole kinds are of no use, the policies themselves.
func refs(cmd *cobra.Command, typed string, kinds bool) []string {
	var words []string
	if kinds && !strings.Contains(typed, "/") {
		for _, kind := range model.Kinds {
			words = append(words, strings.ToLower(string(kind)))
		}
	} else {
		_ = withEtcd(cmd, func(ctx context.Context, client *clientv3.Client, c settings.Config) error {
			list, err := policystore.List(ctx, client, c.Etcd.Prefix, "", "")
			for _, s := range list {
				words = append(words, strings.ToLower(string(s.Kind))+"/"+s.Name)
			}
			return err
		})
	}
	return beginning(words, typed)
}
