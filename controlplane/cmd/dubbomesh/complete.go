package main

import (
	"strings"

	"github.com/spf13/cobra"
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
